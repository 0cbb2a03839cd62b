import { LABELS, RUN_KIND } from '../../../crds/names.ts'
import type { KindClient } from '../../../kube/cache/kind-client.ts'
import type { ApiClient } from '../../../kube/client/api-client.ts'
import { collectionPath, objectPath } from '../../../kube/client/resource-path.ts'
import type { Clock } from '../../ports/clock.ts'
import type { JobRequest, ReaderRequest } from '../../ports/job-request.ts'
import type { Jobs } from '../../ports/jobs.ts'
import type { ObjectKey, Urgency } from '../../ports/objects.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { isPortError } from '../../ports/port-error.ts'
import { mayBeLost, type NodeSighting } from './classify-pod.ts'
import {
  type CreateOptions,
  createJob,
  createReader,
  deleteSecret,
  type JobBus,
} from './create-job.ts'
import { DepartedPods } from './departed-pods.ts'
import type { JobDefaults } from './job-defaults.ts'
import { JOB_RESOURCE, type JobKinds, POD_RESOURCE } from './job-kinds.ts'
import { NODE_LOOK_MS, NodeSightings } from './node-sightings.ts'
import type { NodeWarnings } from './node-warnings.ts'
import { needsFreshPods, newestPod, observeJob, POD_DUE_MS } from './observe-job.ts'
import { hasOwnSecret, type JobView, type PodView, timeMs } from './pod-view.ts'

export interface KubernetesJobsOptions extends JobKinds {
  /** Whose writes stop when another leads. */
  readonly api: ApiClient
  readonly clock: Clock
  readonly defaults: JobDefaults
  readonly bus?: JobBus | undefined
  readonly keptSeconds?: number | undefined
  /** After how long without its kubelet a node counts as gone (ms): two pods of a run may then live at once. Never where left out. */
  readonly releaseLostNodesAfterMs?: number | undefined
  /** Left out, nobody hears that a node will go. */
  readonly nodeWarnings?: NodeWarnings | undefined
}

type Changed = (run: ObjectKey, urgency?: Urgency) => void

const DEFAULT_KEPT_SECONDS = 3600

const controllerOf = ({ metadata }: JobView | PodView) =>
  metadata.ownerReferences?.find(({ controller }) => controller === true)

function runOfJob(job: JobView): ObjectKey | undefined {
  const owner = controllerOf(job)
  if (owner?.kind !== RUN_KIND || owner.name === undefined) return undefined
  return { namespace: job.metadata.namespace ?? '', name: owner.name }
}

function runOfPod({ metadata }: PodView): ObjectKey | undefined {
  const name = metadata.labels?.[LABELS.run]
  return name === undefined ? undefined : { namespace: metadata.namespace ?? '', name }
}

/** Waits for a pod, and nobody has said why: when that is overdue it will have a reason. */
const isUnexplained = ({ waiting }: ObservedJob): boolean =>
  waiting?.phase === 'Schedule' && waiting.reason === undefined

/** Tells of the run of every object that is there and of every change. */
function follow<T extends JobView | PodView>(
  { cache }: KindClient<T>,
  runOf: (object: T) => ObjectKey | undefined,
  changed: Changed,
): () => void {
  const tell = (object: T | undefined, urgency: Urgency): void => {
    const run = object === undefined ? undefined : runOf(object)
    if (run !== undefined) changed(run, urgency)
  }
  const stop = cache.subscribe(({ before, after, urgency }) => tell(after ?? before, urgency))
  for (const object of cache.list()) tell(object, 'resync')
  return stop
}

/** The Jobs of a cluster. */
class KubernetesJobs implements Jobs {
  readonly defaultTtlSeconds: number
  readonly #options: KubernetesJobsOptions
  readonly #nodes: NodeSightings
  readonly #watchers = new Set<Changed>()
  /** Pods read again after their Job was closed, by what the Job was then. */
  readonly #fresh = new WeakMap<JobView, readonly PodView[]>()
  readonly #departed: DepartedPods
  readonly #alarms = new Map<string, () => void>()

  constructor(options: KubernetesJobsOptions) {
    const { api, clock, keptSeconds = DEFAULT_KEPT_SECONDS, releaseLostNodesAfterMs } = options
    this.#options = options
    this.defaultTtlSeconds = keptSeconds
    this.#departed = new DepartedPods(options)
    this.#nodes = new NodeSightings({ api, clock, releaseAfterMs: releaseLostNodesAfterMs })
  }

  async listOwnedBy(runUid: string): Promise<readonly ObservedJob[]> {
    const { jobs, pods } = this.#options
    await Promise.all([jobs.synced, pods.synced])
    const owned = jobs.cache
      .find('owner', runUid)
      .filter((job) => controllerOf(job)?.uid === runUid)
    return Promise.all(owned.map((job) => this.#observe(job)))
  }

  async create(request: JobRequest): Promise<void> {
    await this.#options.jobs.synced
    await createJob(this.#options satisfies CreateOptions, request)
  }

  async createReader(request: ReaderRequest): Promise<void> {
    await this.#options.jobs.synced
    await createReader(this.#options satisfies CreateOptions, request)
  }

  async delete(key: ObjectKey): Promise<void> {
    const { api, jobs } = this.#options
    await jobs.synced
    const job = jobs.cache.get(key)
    if (job === undefined) return
    if (job.metadata.deletionTimestamp === undefined) await this.#remove(key, job.metadata.uid)
    if (hasOwnSecret(job)) await deleteSecret(api, key)
  }

  watch(changed: Changed): () => void {
    const { jobs, pods, nodeWarnings } = this.#options
    this.#watchers.add(changed)
    const stops = [
      follow(jobs, runOfJob, changed),
      follow(pods, runOfPod, changed),
      nodeWarnings?.watch((node) => this.#tellOfNode(node, changed)) ?? (() => {}),
    ]
    return () => {
      this.#watchers.delete(changed)
      for (const stop of stops) stop()
      if (this.#watchers.size === 0) this.#silence()
    }
  }

  /** In the foreground: the Job stays, ending, until its pod has gone. */
  async #remove(key: ObjectKey, uid: string): Promise<void> {
    const { api, jobs } = this.#options
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Foreground',
      preconditions: { uid },
    }
    try {
      const path = objectPath(JOB_RESOURCE, key)
      const answer = await api.request({ method: 'DELETE', path, body })
      if ((answer as { kind?: string }).kind === 'Job') jobs.cache.accept(answer as JobView)
      else jobs.cache.forget(key, uid)
    } catch (error) {
      const isGone = isPortError(error, 'NotFound') || isPortError(error, 'Conflict')
      if (!isGone) throw error
    }
  }

  #tellOfNode(node: string, changed: Changed): void {
    for (const pod of this.#options.pods.cache.find('node', node)) {
      const run = runOfPod(pod)
      if (run !== undefined) changed(run, 'live')
    }
  }

  async #observe(job: JobView): Promise<ObservedJob> {
    const nowMs = this.#options.clock.nowMs()
    const pods = await this.#podsOf(job)
    const observed = observeJob({ job, pods, nowMs, node: await this.#nodeOf(job, pods) })
    if (isUnexplained(observed)) this.#lookAgain(job, POD_DUE_MS)
    return { ...observed, ...this.#warningOf(observed, pods) }
  }

  #warningOf(
    { state }: ObservedJob,
    pods: readonly PodView[],
  ): Pick<ObservedJob, 'evictionWarning'> {
    const pod = newestPod(pods)
    if (state !== 'Running' || pod === undefined) return {}
    const warning = this.#options.nodeWarnings?.of(pod)
    return warning === undefined ? {} : { evictionWarning: warning }
  }

  /** The pods that a Job controls: as known, but read anew before a closed Job is judged by them. */
  async #podsOf(job: JobView): Promise<readonly PodView[]> {
    const { uid } = job.metadata
    const known = [...this.#options.pods.cache.find('owner', uid), ...this.#departed.of(uid)]
    if (!needsFreshPods({ job, pods: known })) return known
    const held = this.#fresh.get(job)
    if (held !== undefined) return held
    const { api } = this.#options
    const { items } = (await api.request({
      method: 'GET',
      path: collectionPath(POD_RESOURCE, job.metadata.namespace),
      query: { labelSelector: `batch.kubernetes.io/controller-uid=${job.metadata.uid}` },
    })) as { readonly items: readonly PodView[] }
    const owned = items.filter((pod) => controllerOf(pod)?.uid === job.metadata.uid)
    this.#fresh.set(job, owned)
    return owned
  }

  /** The node of a pod that may be lost; the run is looked at again then, since a lost node says nothing. */
  async #nodeOf(job: JobView, pods: readonly PodView[]): Promise<NodeSighting | undefined> {
    const pod = newestPod(pods)
    const name = pod?.spec?.nodeName
    if (pod === undefined || name === undefined) return undefined
    const nowMs = this.#options.clock.nowMs()
    if (mayBeLost(pod, nowMs)) {
      this.#lookAgain(job, NODE_LOOK_MS)
      return this.#nodes.of(name)
    }
    const dueMs = timeMs(pod.metadata.deletionTimestamp)
    if (dueMs !== undefined && dueMs >= nowMs) this.#lookAgain(job, dueMs - nowMs + 1)
    return undefined
  }

  #lookAgain(job: JobView, delayMs: number): void {
    const run = runOfJob(job)
    const { uid } = job.metadata
    if (run === undefined || this.#alarms.has(uid) || this.#watchers.size === 0) return
    const tell = (): void => {
      this.#alarms.delete(uid)
      for (const changed of this.#watchers) changed(run)
    }
    this.#alarms.set(uid, this.#options.clock.after(delayMs, tell))
  }

  #silence(): void {
    for (const cancel of this.#alarms.values()) cancel()
    this.#alarms.clear()
  }
}

/** The Jobs port on the Jobs and pods of a cluster. Reads wait for the first lists; writes fail with ApiError. */
export const kubernetesJobs = (options: KubernetesJobsOptions): Jobs => new KubernetesJobs(options)
