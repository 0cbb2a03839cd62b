import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunConfig } from '../../contract/run-config.ts'
import { TerminationMessage } from '../../contract/run-report.ts'
import { KubeError } from '../../kube/kube-error.ts'
import type { ObjectKey } from '../../kube/object-key.ts'
import type { JobRequest, ReaderRequest } from '../../operator/ports/job-request.ts'
import type { Jobs } from '../../operator/ports/jobs.ts'
import type { ObservedJob } from '../../operator/ports/observed-job.ts'
import { omitUndefined } from '../../std/omit-undefined.ts'
import {
  type ProcessExit,
  type StartedProcess,
  startProcess,
  terminateOrphanProcess,
} from './child-process.ts'
import { classifyJobExit, type JobRecord, toJobKey, toObservedJob } from './job-record.ts'
import type { Journal } from './journal.ts'

interface ProcessJobsOptions {
  readonly journal: Journal
  /** Has one folder per Job: run-config, log, termination message. */
  readonly folder: string
  readonly storage: string
  readonly volumes: Readonly<Record<string, string>>
  /** The file of each program, run by the same Node. */
  readonly programs: Readonly<Record<JobRequest['program'], string>>
  readonly environment: Readonly<Record<string, string>>
  readonly now: () => number
  readonly newUid: () => string
}

const PREFIX = 'job/'
const isLive = ({ state }: JobRecord): boolean => state === 'Pending' || state === 'Running'
const toGraceMs = ({ request }: JobRecord): number => request.execution.gracePeriodSeconds * 1000

async function readTerminationFile(path: string): Promise<TerminationMessage | undefined> {
  try {
    const parsed = TerminationMessage.safeParse(JSON.parse(await readFile(path, 'utf8')))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

/** The Jobs in a journal. */
export const listJobRecords = (records: ReadonlyMap<string, unknown>): readonly JobRecord[] =>
  [...records].flatMap(([key, value]) => (key.startsWith(PREFIX) ? [value as JobRecord] : []))

/** Jobs as child processes of this one, stored in the journal. */
export class ProcessJobs implements Jobs {
  readonly #options: ProcessJobsOptions
  readonly #records = new Map<string, JobRecord>()
  readonly #processes = new Map<string, StartedProcess>()
  readonly #backgroundTasks = new Set<Promise<void>>()
  readonly #listeners = new Set<(run: ObjectKey) => void>()
  #failure: unknown
  #isClosing = false

  constructor(options: ProcessJobsOptions) {
    this.#options = options
    for (const record of listJobRecords(options.journal.records)) {
      this.#records.set(toJobKey(record.request), record)
    }
  }

  /** Every Job with its process, for progress and reports. */
  records(): readonly JobRecord[] {
    return [...this.#records.values()]
  }

  /**
   * Ends processes that an earlier `neco` left. Their Jobs count as disrupted; those that were
   * being deleted are gone.
   */
  async recoverJobs(): Promise<void> {
    for (const record of this.records().filter(isLive)) {
      if (record.process !== undefined)
        await terminateOrphanProcess(record.process, toGraceMs(record))
      if (record.isEnding) await this.#removeRecord(record)
      else await this.#recordExit(record, { exitCode: undefined, signal: undefined })
    }
  }

  async listOwnedBy(runUid: string): Promise<readonly ObservedJob[]> {
    return this.records()
      .filter(({ request }) => request.owner.uid === runUid)
      .map(toObservedJob)
  }

  async create(request: JobRequest): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#isClosing) throw new KubeError('Unavailable', 'this neco is ending')
    if (this.#records.has(toJobKey(request))) {
      throw new KubeError('AlreadyExists', `Job ${request.name} is already there`)
    }
    const pending: JobRecord = {
      request,
      uid: this.#options.newUid(),
      state: 'Pending',
      isEnding: false,
      createdMs: this.#options.now(),
    }
    await this.#save(pending)
    try {
      await this.#start(pending)
    } catch (cause) {
      await this.#recordStartFailure(pending, cause)
    }
  }

  async createReader({ name }: ReaderRequest): Promise<void> {
    throw new KubeError('Invalid', `${name}: pods of one machine have no bus to ship to`)
  }

  async delete(key: ObjectKey): Promise<void> {
    const record = this.#records.get(toJobKey(key))
    if (record === undefined || record.isEnding) return
    const process = this.#processes.get(toJobKey(key))
    if (process === undefined) return this.#removeRecord(record)
    await this.#save({ ...record, isEnding: true })
    this.#runInBackground(process.terminate(toGraceMs(record)).then(() => undefined))
  }

  /** Deletes the Jobs of a deleted run in the background, as Kubernetes' garbage collector does. */
  deleteOwnedBy(runUid: string): void {
    const owned = this.records().filter(({ request }) => request.owner.uid === runUid)
    for (const { request } of owned) this.#runInBackground(this.delete(request))
  }

  watch(changed: (run: ObjectKey) => void): () => void {
    this.#listeners.add(changed)
    return () => {
      this.#listeners.delete(changed)
    }
  }

  /**
   * Stops every process with SIGTERM, upon which trainers write a checkpoint, and starts no more.
   * Resolves when all exits are in the journal.
   */
  async close(): Promise<void> {
    this.#isClosing = true
    for (const record of this.records()) {
      const process = this.#processes.get(toJobKey(record.request))
      if (process !== undefined)
        this.#runInBackground(process.terminate(toGraceMs(record)).then(() => {}))
    }
    await this.waitUntilSettled()
  }

  /** Resolves when all background work is done. Throws its first failure. */
  async waitUntilSettled(): Promise<void> {
    while (this.#backgroundTasks.size > 0) await Promise.all(this.#backgroundTasks)
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Kills every process at once. */
  kill(): void {
    for (const process of this.#processes.values())
      this.#runInBackground(process.terminate(0).then(() => {}))
  }

  async #start(pending: JobRecord): Promise<void> {
    const { request } = pending
    const folder = this.#toJobFolder(pending)
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    const configPath = join(folder, 'run-config.json')
    const config = JSON.stringify(this.#buildRunConfig(pending), null, 1)
    await writeFile(configPath, `${config}\n`)
    const started = await startProcess({
      command: process.execPath,
      args: [this.#options.programs[request.program], '--config', configPath],
      environment: {
        ...this.#options.environment,
        NECO_TERMINATION_FILE: join(folder, 'termination-message.json'),
      },
      logPath: join(folder, 'log.ndjson'),
    })
    const running: JobRecord = {
      ...pending,
      state: 'Running',
      startedMs: this.#options.now(),
      process: started.identity,
    }
    this.#processes.set(toJobKey(request), started)
    await this.#save(running)
    this.#runInBackground(started.ended.then((end) => this.#handleExit(request, end)))
    if (this.#isClosing) this.#runInBackground(started.terminate(toGraceMs(pending)).then(() => {}))
  }

  /**
   * A process that could not be started is a failed Job with the reason as its termination message.
   */
  async #recordStartFailure(pending: JobRecord, cause: unknown): Promise<void> {
    const message = cause instanceof Error ? cause.message : String(cause)
    await this.#save({
      ...pending,
      state: 'Failed',
      endedMs: this.#options.now(),
      cause: 'CannotStart',
      termination: {
        schemaVersion: 1,
        reason: 'CannotStart',
        message: message.slice(0, 1500),
        reused: false,
        step: 0,
        metrics: {},
        evaluations: [],
      },
    })
  }

  #buildRunConfig({ request, uid }: JobRecord): RunConfig {
    const { sweep, owner, attempt, result, execution, evaluation, isBesideTraining } = request
    const evaluations = [...(request.evaluations ?? [])]
    const { storage, volumes } = this.#options
    return {
      schemaVersion: 1,
      identity: {
        ...omitUndefined({ sweep }),
        run: owner.name,
        attempt,
        podUid: uid,
      },
      result,
      execution: { ...execution, storage, volumes: { ...volumes } },
      ...(evaluation === undefined ? { evaluations } : { evaluation }),
      ...omitUndefined({ isBesideTraining }),
    }
  }

  async #handleExit(key: ObjectKey, end: ProcessExit): Promise<void> {
    this.#processes.delete(toJobKey(key))
    const record = this.#records.get(toJobKey(key))
    if (record === undefined) return
    if (record.isEnding) await this.#removeRecord(record)
    else await this.#recordExit(record, end)
  }

  async #recordExit(record: JobRecord, end: ProcessExit): Promise<void> {
    const termination = await readTerminationFile(
      join(this.#toJobFolder(record), 'termination-message.json'),
    )
    await this.#save({
      ...record,
      state: end.exitCode === 0 ? 'Succeeded' : 'Failed',
      endedMs: this.#options.now(),
      ...classifyJobExit(end),
      ...omitUndefined({ termination }),
    })
  }

  async #removeRecord(record: JobRecord): Promise<void> {
    this.#records.delete(toJobKey(record.request))
    await this.#options.journal.remove(PREFIX + toJobKey(record.request))
    await rm(this.#toJobFolder(record), { recursive: true, force: true })
    this.#notifyListeners(record)
  }

  async #save(record: JobRecord): Promise<void> {
    this.#records.set(toJobKey(record.request), record)
    await this.#options.journal.put(PREFIX + toJobKey(record.request), record)
    this.#notifyListeners(record)
  }

  #notifyListeners({ request }: JobRecord): void {
    const run = { namespace: request.namespace, name: request.owner.name }
    for (const listener of this.#listeners) listener(run)
  }

  /** Background work is awaited at the end; its first failure is thrown by the next call. */
  #runInBackground(promise: Promise<void>): void {
    const guarded = promise.catch((cause: unknown) => {
      this.#failure ??= cause
    })
    this.#backgroundTasks.add(guarded)
    guarded.then(() => this.#backgroundTasks.delete(guarded)).catch(() => undefined)
  }

  #toJobFolder({ request }: JobRecord): string {
    return join(this.#options.folder, request.namespace, request.name)
  }
}
