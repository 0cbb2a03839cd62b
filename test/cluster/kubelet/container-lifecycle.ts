import { createHash, randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../../std/clock.ts'
import { type ContainerPlan, type PlanSources, planContainer } from './container-plan.ts'
import type { Delay } from './delay.ts'
import {
  type ContainerEnd,
  ContainerStartError,
  type Executor,
  type PodEnd,
  type RunningContainer,
} from './executor.ts'
import { type Terminated, toPodName, type Waiting } from './pod-object.ts'
import type { ContainerRecord } from './pod-record.ts'
import { probeContainer } from './probe.ts'
import { LOST_CONTAINER } from './recall-container.ts'
import {
  type BackOff,
  backOffMs,
  crashLoop,
  type RestartPolicy,
  restarts,
} from './restart-policy.ts'

export interface LifecyclePorts {
  readonly executor: Executor
  readonly clock: Clock
  readonly delay: Delay
  readonly backOff: BackOff
  /** Time between two tries to pull an image or to find a missing object. */
  readonly retryMs: number
  readonly hosts: Readonly<Record<string, string>>
  readonly log: (line: string) => void
}

interface ContainerContext {
  readonly sources: Omit<PlanSources, 'container'>
  readonly isInit: boolean
  readonly first: ContainerRecord
  /** Folder of this container on this machine. */
  readonly folder: string
  /** Aborts when the pod stops: nothing is started or awaited any more. */
  readonly stopped: AbortSignal
  readonly onChange: () => void
  readonly onPodEnd: (end: PodEnd) => void
  readonly warn: (reason: string, message: string) => void
}

/** One container of a pod through all of its restarts. */
export class ContainerLifecycle {
  readonly #place: ContainerContext
  readonly #ports: LifecyclePorts
  readonly #container: PlanSources['container']
  #record: ContainerRecord
  #running: RunningContainer | undefined
  #graceMs: number | undefined
  #runs = 0

  constructor(container: PlanSources['container'], place: ContainerContext, ports: LifecyclePorts) {
    this.#container = container
    this.#place = place
    this.#ports = ports
    this.#record = place.first
  }

  get record(): ContainerRecord {
    return this.#record
  }

  /** Log of the run `before` runs ago; undefined when there was none. */
  logPath(before: number): string | undefined {
    const run = this.#runs - before
    return run < 1 ? undefined : join(this.#place.folder, String(run), 'log')
  }

  /** Runs the container until it has ended for good or the pod is stopped. */
  async run(): Promise<void> {
    for (let failures = 1; !this.#isStopped(); failures++) {
      const plan = await this.#whenPlanned()
      if (plan === undefined) return
      const end = await this.#runOnce(plan)
      if (!this.#startsAgain(end)) return this.#change({ isFinal: true })
      const waitMs = backOffMs(this.#ports.backOff, failures)
      this.#waitFor(crashLoop(waitMs, this.#container.name, toPodName(this.#pod())))
      await this.#ports.delay(waitMs, this.#place.stopped)
    }
  }

  /** Stops the container within the grace period. A later call can only shorten it. */
  stop(graceMs: number): void {
    this.#graceMs = Math.min(graceMs, this.#graceMs ?? graceMs)
    this.#running?.stop(this.#graceMs)
  }

  /**
   * The pod has ended: a container without an exit code is reported as unknown, as a kubelet does.
   */
  finish(): void {
    const { state } = this.#record
    const ended =
      state.kind === 'Terminated'
        ? state
        : { kind: 'Terminated' as const, terminated: LOST_CONTAINER }
    this.#change({ state: ended, isFinal: true, isReady: false, isStarted: false })
  }

  #pod() {
    return this.#place.sources.placed.pod
  }

  #isStopped(): boolean {
    return this.#place.stopped.aborted
  }

  #change(change: Partial<ContainerRecord>): void {
    this.#record = { ...this.#record, ...change }
    this.#place.onChange()
  }

  #waitFor(waiting: Waiting): void {
    const { state } = this.#record
    const last = state.kind === 'Terminated' ? state.terminated : this.#record.last
    this.#change({ state: { kind: 'Waiting', waiting }, last, isReady: false, isStarted: false })
  }

  #startsAgain(end: ContainerEnd): boolean {
    if (this.#isStopped() || end.podEnd !== undefined) return false
    const policy = (this.#pod().spec.restartPolicy ?? 'Always') as RestartPolicy
    return restarts({ policy, exitCode: end.exitCode, isInit: this.#place.isInit })
  }

  /** Tries until the container can be started; undefined when the pod stops before. */
  async #whenPlanned(): Promise<ContainerPlan | undefined> {
    while (!this.#isStopped()) {
      const planned = await this.#tryPlan()
      if (planned.kind === 'Planned') return planned.plan
      for (const waiting of planned.reasons) {
        if (this.#isStopped()) return undefined
        this.#waitFor(waiting)
        this.#place.warn('Failed', `${waiting.reason}: ${waiting.message ?? ''}`)
        await this.#ports.delay(this.#ports.retryMs, this.#place.stopped)
      }
    }
    return undefined
  }

  async #tryPlan() {
    try {
      return await planContainer({ ...this.#place.sources, container: this.#container })
    } catch (error) {
      const waiting = { reason: 'ContainerCreating', message: String(error) }
      return { kind: 'Waits', reasons: [waiting] } as const
    }
  }

  async #runOnce(plan: ContainerPlan): Promise<ContainerEnd> {
    const containerId = `process://${randomUUID()}`
    const running = await this.#start(plan)
    const startedAt = this.#now()
    const isAgain = this.#record.last !== undefined
    const image = this.#container.image ?? ''
    const imageId = this.#place.sources.images[image]?.imageId ?? computeImageDigest(image)
    if (running instanceof ContainerStartError) {
      const end = { exitCode: 128, reason: running.code, terminationMessage: running.message }
      this.#conclude(end, { startedAt: EPOCH, containerId, imageId, isAgain })
      return end
    }
    this.#running = running
    this.#change({
      state: { kind: 'Running', startedAt, containerId },
      imageId,
      restarts: this.#record.restarts + (isAgain ? 1 : 0),
    })
    if (this.#graceMs !== undefined) running.stop(this.#graceMs)
    const end = await this.#untilEnd(running)
    this.#running = undefined
    this.#conclude(end, { startedAt, containerId, imageId, isAgain: false })
    if (end.podEnd !== undefined) this.#place.onPodEnd(end.podEnd)
    return end
  }

  async #start(plan: ContainerPlan): Promise<RunningContainer | ContainerStartError> {
    this.#runs += 1
    const folder = join(this.#place.folder, String(this.#runs))
    try {
      if (this.#ports.executor.readsFiles) await mkdir(folder, { recursive: true })
      return await this.#ports.executor.start({
        ...plan,
        pod: this.#pod(),
        container: this.#container,
        folder,
        logPath: join(folder, 'log'),
        hosts: this.#ports.hosts,
      })
    } catch (error) {
      if (error instanceof ContainerStartError) return error
      return new ContainerStartError(String(error), { cause: error })
    }
  }

  async #untilEnd(running: RunningContainer): Promise<ContainerEnd> {
    const over = new AbortController()
    const probing = probeContainer({
      container: this.#container,
      podIp: this.#place.sources.placed.podIp,
      running,
      delay: this.#ports.delay,
      signal: AbortSignal.any([over.signal, this.#place.stopped]),
      onStarted: () => this.#change({ isStarted: true }),
      onReady: (isReady) => this.#change({ isReady }),
      onUnhealthy: (probe) => {
        this.#place.warn('Unhealthy', `${probe} probe failed, container will be restarted`)
        running.stop((this.#pod().spec.terminationGracePeriodSeconds ?? 30) * 1000)
      },
    })
    const end = await running.ended
    over.abort()
    await probing
    return end
  }

  #conclude(end: ContainerEnd, run: ContainerRunInfo): void {
    const terminated: Terminated = {
      exitCode: end.exitCode,
      reason: end.reason ?? (end.exitCode === 0 ? 'Completed' : 'Error'),
      ...(end.terminationMessage ? { message: end.terminationMessage } : {}),
      startedAt: run.startedAt,
      finishedAt: this.#now(),
      containerID: run.containerId,
    }
    this.#change({
      state: { kind: 'Terminated', terminated },
      imageId: run.imageId,
      restarts: this.#record.restarts + (run.isAgain ? 1 : 0),
      isReady: false,
      isStarted: false,
    })
  }

  #now(): string {
    return toKubernetesTime(this.#ports.clock.nowMs())
  }
}

interface ContainerRunInfo {
  readonly startedAt: string
  readonly containerId: string
  readonly imageId: string
  readonly isAgain: boolean
}

/** The start time that is reported for a container that never started. */
const EPOCH = '1970-01-01T00:00:00Z'

const computeImageDigest = (image: string): string =>
  `sha256:${createHash('sha256').update(image).digest('hex')}`

/** A time as the Kubernetes API writes it: whole seconds. */
export const toKubernetesTime = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19)}Z`
