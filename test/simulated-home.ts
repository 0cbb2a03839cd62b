import type { NeCoRun } from '../crds/necorun.ts'
import type { NeCoSweep } from '../crds/necosweep.ts'
import type { ObjectMeta } from '../crds/object-meta.ts'
import type { Platform } from '../operator/controllers/platform.ts'
import { NOOP_CHECKPOINT_REQUESTER } from '../operator/ports/checkpoint-requester.ts'
import type { ObjectEvent } from '../operator/ports/events.ts'
import { NOOP_HINTS } from '../operator/ports/hints.ts'
import type { JobRequest, ReaderRequest } from '../operator/ports/job-request.ts'
import type { ObjectKey, StoredMeta } from '../operator/ports/objects.ts'
import type { ObservedJob } from '../operator/ports/observed-job.ts'
import { PortError } from '../operator/ports/port-error.ts'
import { NOOP_RESULT_TABLES } from '../operator/ports/result-tables.ts'

type Plain = {
  metadata: { name: string; namespace?: string | undefined }
  spec: object
  status?: object | undefined
}
type Stored<T extends Plain> = T & { metadata: StoredMeta }

/** A home of plain maps with a hand-turned clock: what a test does to it is all that happens in it. */
export interface SimulatedHome extends Platform {
  readonly jobList: Map<string, ObservedJob & { readonly request: JobRequest }>
  readonly readers: ReaderRequest[]
  readonly published: ObjectEvent[]
  advance(ms: number): void
  setJob(name: string, change: Partial<ObservedJob>): void
  editSweep(key: ObjectKey, change: Partial<NeCoSweep['spec']>): void
}

const NAMESPACE = 'default'

const isOwnedBy = ({ ownerReferences = [] }: ObjectMeta, ownerUid: string | undefined): boolean =>
  ownerReferences.some(({ uid }) => uid === ownerUid)

class Kind<T extends Plain> {
  readonly #objects = new Map<string, Stored<T>>()
  readonly #nowMs: () => number
  readonly #watchers = new Set<(key: ObjectKey) => void>()
  #version = 0
  #created = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }
  readonly get = async ({ name }: ObjectKey): Promise<Stored<T> | undefined> =>
    structuredClone(this.#objects.get(name))
  readonly peek = (name: string): Stored<T> | undefined => this.#objects.get(name)
  readonly list = async (): Promise<Stored<T>[]> => structuredClone([...this.#objects.values()])
  readonly create = async (object: T): Promise<Stored<T>> => {
    const { name } = object.metadata
    if (this.#objects.has(name)) throw new PortError('AlreadyExists', name)
    const metadata: StoredMeta = {
      ...object.metadata,
      namespace: NAMESPACE,
      uid: `uid-${name}-${++this.#created}`,
      resourceVersion: String(++this.#version),
      generation: 1,
      creationTimestamp: new Date(this.#nowMs()).toISOString(),
    }
    const { status: _left, ...rest } = object
    const stored = structuredClone({ ...rest, metadata }) as Stored<T>
    this.#objects.set(name, stored)
    this.#tell(name)
    return structuredClone(stored)
  }
  readonly write = (name: string, change: Partial<T>, resourceVersion?: string): Stored<T> => {
    const old = this.#objects.get(name)
    if (old === undefined) throw new PortError('NotFound', name)
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) {
      throw new PortError('Conflict', name)
    }
    const generation = old.metadata.generation + (change.spec === undefined ? 0 : 1)
    const metadata = { ...old.metadata, generation, resourceVersion: String(++this.#version) }
    const next = structuredClone({ ...old, ...change, metadata })
    this.#objects.set(name, next)
    this.#tell(name)
    return structuredClone(next)
  }
  readonly delete = async ({ name }: ObjectKey): Promise<void> => {
    if (this.#objects.delete(name)) this.#tell(name)
  }
  readonly removeOwnedBy = (uid: string | undefined): void => {
    for (const [name, { metadata }] of this.#objects) {
      if (isOwnedBy(metadata, uid)) void this.delete({ namespace: NAMESPACE, name })
    }
  }
  readonly watch = (changed: (key: ObjectKey) => void): (() => void) => {
    for (const name of this.#objects.keys()) changed({ namespace: NAMESPACE, name })
    this.#watchers.add(changed)
    return () => this.#watchers.delete(changed)
  }
  readonly #tell = (name: string): void => {
    for (const changed of this.#watchers) changed({ namespace: NAMESPACE, name })
  }
}

/** A home in memory for planning tests; times start at 0. */
export function simulatedHome(): SimulatedHome {
  let nowMs = 0
  const runs = new Kind<NeCoRun>(() => nowMs)
  const sweeps = new Kind<NeCoSweep>(() => nowMs)
  const jobList: SimulatedHome['jobList'] = new Map()
  const readers: ReaderRequest[] = []
  const published: ObjectEvent[] = []
  const jobWatchers = new Set<(run: ObjectKey) => void>()
  const tellOf = ({ owner }: JobRequest): void => {
    for (const changed of jobWatchers) changed({ namespace: NAMESPACE, name: owner.name })
  }
  const setJob = (name: string, change: Partial<ObservedJob>): void => {
    const old = jobList.get(name)
    if (old === undefined) return
    jobList.set(name, { ...old, ...change })
    tellOf(old.request)
  }
  return {
    jobList,
    readers,
    published,
    setJob,
    advance: (ms) => {
      nowMs += ms
    },
    editSweep: (key, change) => {
      const spec = sweeps.peek(key.name)?.spec
      if (spec !== undefined) sweeps.write(key.name, { spec: { ...spec, ...change } })
    },
    clock: { nowMs: () => nowMs, after: () => () => {} },
    events: { publish: async (event) => void published.push(event) },
    prerequisites: { findBlockers: async () => [], findEvaluationParallelism: async () => 0 },
    hints: NOOP_HINTS,
    checkpointRequester: NOOP_CHECKPOINT_REQUESTER,
    resultTables: NOOP_RESULT_TABLES,
    runs: {
      ...runs,
      listOwnedBy: async (uid) =>
        (await runs.list()).filter(({ metadata }) => isOwnedBy(metadata, uid)),
      writeStatus: async ({ name }, status, version) => runs.write(name, { status }, version),
      writeSpec: async ({ name }, spec, version) => runs.write(name, { spec }, version),
    },
    sweeps: {
      ...sweeps,
      delete: async (key) => {
        runs.removeOwnedBy(sweeps.peek(key.name)?.metadata.uid)
        await sweeps.delete(key)
      },
      writeStatus: async ({ name }, status, version) => sweeps.write(name, { status }, version),
    },
    jobs: {
      listOwnedBy: async (uid) => [...jobList.values()].filter(({ ownerUid }) => ownerUid === uid),
      create: async (request) => {
        if (jobList.has(request.name)) throw new PortError('AlreadyExists', request.name)
        jobList.set(request.name, {
          request,
          name: request.name,
          uid: `uid-${request.name}`,
          ownerUid: request.owner.uid,
          state: 'Pending',
          isEnding: false,
          createdMs: nowMs,
        })
        tellOf(request)
      },
      createReader: async (request) => void readers.push(request),
      delete: async ({ name }) => setJob(name, { isEnding: true }),
      watch: (changed) => {
        jobWatchers.add(changed)
        return () => jobWatchers.delete(changed)
      },
    },
  }
}
