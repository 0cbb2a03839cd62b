import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApiConnection } from './api-connection.ts'
import { ContainerLifecycle, type LifecyclePorts, toKubernetesTime } from './container-lifecycle.ts'
import type { Images } from './container-plan.ts'
import type { PodEnd } from './executor.ts'
import type { PlacedPod } from './field-reference.ts'
import { type ReferencedObjects, volumeReferences } from './keyed-objects.ts'
import { deletePod, publishPodWarning } from './pod-calls.ts'
import { type Container, hasEnded, type Pod, toPodName } from './pod-object.ts'
import { readPodObjects } from './pod-objects-reader.ts'
import type { PodRecord } from './pod-record.ts'
import { podStatus, type ReportedStatus } from './pod-status.ts'
import { makeVolumes, type VolumeFolders } from './pod-volumes.ts'
import { recallContainer } from './recall-container.ts'
import { StatusWriter } from './status-writer.ts'

export interface PodPorts extends LifecyclePorts {
  readonly api: ApiConnection
  readonly images: Images
  readonly baseEnvironment: Readonly<Record<string, string>>
  /** Folder of the pod on this machine; removed at its end. */
  readonly folder: string
  readonly podIp: string
  readonly hostIp: string
  /** Aborts when the kubelet closes. */
  readonly closed: AbortSignal
}

const DEFAULT_GRACE_SECONDS = 30

/** One pod from its binding to its removal. */
export class PodLifecycle {
  readonly #ports: PodPorts
  readonly #stop = new AbortController()
  readonly #writer: StatusWriter
  readonly #startedAt: string
  #pod: Pod
  #status: ReportedStatus | undefined
  #initContainers: readonly ContainerLifecycle[] = []
  #containers: readonly ContainerLifecycle[] = []
  #volumes: VolumeFolders | undefined
  #end: PodEnd | undefined
  #isOver = false
  #hasVanished = false
  readonly #gone = Promise.withResolvers<void>()
  /** The pod is to be removed, or is gone. */
  readonly #removal = Promise.withResolvers<void>()
  readonly #warnings = new Set<string>()

  constructor(pod: Pod, ports: PodPorts) {
    this.#pod = pod
    this.#ports = ports
    this.#writer = new StatusWriter(pod, { ...ports, signal: ports.closed })
    this.#startedAt = pod.status?.startTime ?? toKubernetesTime(ports.clock.nowMs())
  }

  get pod(): Pod {
    return this.#pod
  }

  get status(): ReportedStatus | undefined {
    return this.#status
  }

  /** Log of a container; undefined when it has none. */
  logPath(container: string, before: number): string | undefined {
    const all = [...this.#initContainers, ...this.#containers]
    return all.find(({ record }) => record.name === container)?.logPath(before)
  }

  /** Whether a container has not ended, so that its log can grow. */
  isLogOpen(container: string): boolean {
    const all = [...this.#initContainers, ...this.#containers]
    return all.some(({ record }) => record.name === container && record.state.kind === 'Running')
  }

  /** Resolves when the pod is removed. */
  async live(): Promise<void> {
    this.update(this.#pod)
    if (!hasEnded(this.#pod)) await this.#run()
    await this.#untilRemoved()
    await rm(this.#ports.folder, { recursive: true, force: true })
  }

  /**
   * The pod was changed: it may have been deleted, which stops it within the grace the deletion
   * gives.
   */
  update(pod: Pod): void {
    this.#pod = pod
    const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
    if (deletionTimestamp === undefined) return
    this.#stopWithin((deletionGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000)
    this.#removal.resolve()
  }

  /** The pod was removed. Containers that still run get at least a second to end. */
  vanish(last: Pod = this.#pod): void {
    const { deletionGracePeriodSeconds } = last.metadata
    const grace = deletionGracePeriodSeconds ?? last.spec.terminationGracePeriodSeconds
    this.#stopWithin(Math.max(1, grace ?? DEFAULT_GRACE_SECONDS) * 1000)
    this.#hasVanished = true
    this.#removal.resolve()
    this.#gone.resolve()
  }

  /** Kills all containers and reports nothing: the kubelet closes. */
  kill(): void {
    this.#stopWithin(0)
    this.#hasVanished = true
    this.#removal.resolve()
    this.#gone.resolve()
  }

  #stopWithin(graceMs: number, end?: PodEnd): void {
    this.#end ??= end
    this.#stop.abort()
    for (const container of [...this.#initContainers, ...this.#containers]) container.stop(graceMs)
  }

  async #run(): Promise<void> {
    const { spec } = this.#pod
    this.#initContainers = (spec.initContainers ?? []).map((c) => this.#container(c, true))
    this.#containers = spec.containers.map((c) => this.#container(c, false))
    const cancelDeadline = this.#startDeadline()
    this.#report()
    if (await this.#mountVolumes()) await this.#runContainers()
    cancelDeadline()
    this.#isOver = true
    if (this.#stop.signal.aborted) {
      for (const container of [...this.#initContainers, ...this.#containers]) container.finish()
    }
    this.#report()
  }

  async #runContainers(): Promise<void> {
    for (const container of this.#initContainers) {
      if (!container.record.isFinal) await container.run()
      if (!isDone(container)) return
    }
    await Promise.all(this.#containers.map((c) => (c.record.isFinal ? undefined : c.run())))
  }

  #container(container: Container, isInit: boolean): ContainerLifecycle {
    const { api, images, baseEnvironment, folder } = this.#ports
    const life = this
    const placed = this.#placed()
    const place = {
      sources: {
        placed,
        images,
        baseEnvironment,
        readObjects: (names: ReferencedObjects) => readPodObjects(api, placed.pod, names),
        get volumes() {
          return life.#volumes
        },
      },
      isInit,
      first: recallContainer(container, this.#pod, isInit),
      folder: join(folder, 'containers', container.name),
      stopped: this.#stop.signal,
      onChange: () => this.#report(),
      onPodEnd: (end: PodEnd) => this.#stopWithin(this.#graceMs(), end),
      warn: (reason: string, message: string) => this.#warn(reason, message),
    }
    return new ContainerLifecycle(container, place, this.#ports)
  }

  #placed(): PlacedPod {
    return { pod: this.#pod, podIp: this.#ports.podIp, hostIp: this.#ports.hostIp }
  }

  #graceMs(): number {
    return (this.#pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000
  }

  /** Gives how to cancel the pod's deadline. */
  #startDeadline(): () => void {
    const { activeDeadlineSeconds } = this.#pod.spec
    if (activeDeadlineSeconds === undefined) return () => undefined
    const message = 'Pod was active on the node longer than the specified deadline'
    return this.#ports.clock.after(activeDeadlineSeconds * 1000, () =>
      this.#stopWithin(this.#graceMs(), { reason: 'DeadlineExceeded', message }),
    )
  }

  /** Tries until all volumes are there; false when the pod stops before. */
  async #mountVolumes(): Promise<boolean> {
    if (!this.#ports.executor.readsFiles) return true
    while (!this.#stop.signal.aborted) {
      const made = await this.#tryMount()
      if (made === undefined) return !this.#stop.signal.aborted
      this.#warn('FailedMount', made)
      await this.#ports.delay(this.#ports.retryMs, this.#stop.signal)
    }
    return false
  }

  /** Undefined when the volumes are there, else why not. */
  async #tryMount(): Promise<string | undefined> {
    const { api, folder } = this.#ports
    try {
      const placed = this.#placed()
      const objects = await readPodObjects(api, placed.pod, volumeReferences(placed.pod))
      const sources = { placed, objects, folder: join(folder, 'volumes') }
      const made = await makeVolumes(sources)
      if (made.ok) this.#volumes = made.value
      return made.ok ? undefined : made.message
    } catch (error) {
      return String(error)
    }
  }

  #report(): void {
    const { clock, podIp, hostIp } = this.#ports
    const record: PodRecord = {
      podIp,
      hostIp,
      startedAt: this.#startedAt,
      initContainers: this.#initContainers.map((life) => life.record),
      containers: this.#containers.map((life) => life.record),
      end: this.#end,
      isOver: this.#isOver,
    }
    const before = this.#status ?? this.#pod.status ?? {}
    this.#status = podStatus(record, before, toKubernetesTime(clock.nowMs()))
    this.#writer.write(this.#status)
  }

  /** A deleted pod is removed once it has ended and its last status is written. */
  async #untilRemoved(): Promise<void> {
    await this.#removal.promise
    await this.#writer.flushed()
    if (!this.#hasVanished) await deletePod(this.#ports, this.#pod)
    // It can stay as long as it has finalizers.
    await this.#gone.promise
  }

  #warn(reason: string, message: string): void {
    if (this.#warnings.has(message)) return
    this.#warnings.add(message)
    this.#ports.log(`${toPodName(this.#pod)}: ${reason}: ${message}`)
    void publishPodWarning(this.#ports, this.#pod, { reason, message })
  }
}

/** An init container that has done its work. */
const isDone = ({ record }: ContainerLifecycle): boolean =>
  record.state.kind === 'Terminated' && record.state.terminated.exitCode === 0
