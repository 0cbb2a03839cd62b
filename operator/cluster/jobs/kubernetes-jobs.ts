import { LABELS, RUN_KIND } from '../../../crds/names.ts'
import type { CachedClient } from '../../../kube/cache/cached-client.ts'
import type { ApiClient } from '../../../kube/client/api-client.ts'
import { buildCollectionPath, buildObjectPath } from '../../../kube/client/resource-path.ts'
import { isKubeError } from '../../../kube/kube-error.ts'
import type { ObjectKey } from '../../../kube/object-key.ts'
import type { Urgency } from '../../../kube/urgency.ts'
import type { Clock } from '../../../std/clock.ts'
import type { JobRequest, ReaderRequest } from '../../ports/job-request.ts'
import type { Jobs } from '../../ports/jobs.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { mayHaveLostNode, type NodeObservation } from './classify-pod.ts'
import {
  type CreateOptions,
  createJob,
  createReader,
  deleteSecret,
  type JobBus,
} from './create-job.ts'
import { DeletedPods } from './deleted-pods.ts'
import type { EvictionWarnings } from './eviction-warnings.ts'
import { JOB_RESOURCE, type JobCaches, POD_RESOURCE } from './job-caches.ts'
import type { JobDefaults } from './job-defaults.ts'
import { NODE_TTL_MS, NodeCache } from './node-cache.ts'
import { findNewestPod, mustRereadPods, observeJob, POD_CREATION_GRACE_MS } from './observe-job.ts'
import {
  findController,
  type JobView,
  mountsOwnSecret,
  type PodView,
  parseTimeMs,
} from './pod-view.ts'

export interface KubernetesJobsOptions extends JobCaches {
  /** Whose writes stop when another leads. */
  readonly api: ApiClient
  readonly clock: Clock
  readonly defaults: JobDefaults
  readonly bus?: JobBus | undefined
  readonly defaultTtlSeconds?: number | undefined
  /**
   * After how long without its kubelet a node counts as gone (ms): two pods of a run may then live
   * at once. Never where left out.
   */
  readonly releaseLostNodesAfterMs?: number | undefined
  /** Left out, no checkpoint is asked for before a node goes. */
  readonly evictionWarnings?: EvictionWarnings | undefined
}

type RunChangeCallback = (run: ObjectKey, urgency?: Urgency) => void

const DEFAULT_TTL_SECONDS = 3600

function findRunOfJob(job: JobView): ObjectKey | undefined {
  const owner = findController(job.metadata)
  if (owner?.kind !== RUN_KIND || owner.name === undefined) return undefined
  return { namespace: job.metadata.namespace ?? '', name: owner.name }
}

function findRunOfPod({ metadata }: PodView): ObjectKey | undefined {
  const name = metadata.labels?.[LABELS.run]
  return name === undefined ? undefined : { namespace: metadata.namespace ?? '', name }
}

/** Waits for a pod for no reason that is known yet: there will be one when that is overdue. */
const isUnexplained = ({ waiting }: ObservedJob): boolean =>
  waiting?.phase === 'Schedule' && waiting.reason === undefined

/** Tells of the run of every object that is there and of every change. */
function watchRuns<T extends JobView | PodView>(
  { cache }: CachedClient<T>,
  findRun: (object: T) => ObjectKey | undefined,
  changed: RunChangeCallback,
): () => void {
  const notify = (object: T | undefined, urgency: Urgency): void => {
    const run = object === undefined ? undefined : findRun(object)
    if (run !== undefined) changed(run, urgency)
  }
  const stop = cache.subscribe(({ before, after, urgency }) => notify(after ?? before, urgency))
  for (const object of cache.list()) notify(object, 'resync')
  return stop
}

/** The Jobs of a cluster. */
class KubernetesJobs implements Jobs {
  readonly defaultTtlSeconds: number
  readonly #options: KubernetesJobsOptions
  readonly #nodeCache: NodeCache
  readonly #watchers = new Set<RunChangeCallback>()
  /** Pods read again after their Job was closed, by what the Job was then. */
  readonly #rereadPods = new WeakMap<JobView, readonly PodView[]>()
  readonly #deletedPods: DeletedPods
  readonly #recheckTimers = new Map<string, () => void>()

  constructor(options: KubernetesJobsOptions) {
    const { api, clock, defaultTtlSeconds = DEFAULT_TTL_SECONDS, releaseLostNodesAfterMs } = options
    this.#options = options
    this.defaultTtlSeconds = defaultTtlSeconds
    this.#deletedPods = new DeletedPods(options)
    this.#nodeCache = new NodeCache({ api, clock, releaseAfterMs: releaseLostNodesAfterMs })
  }

  async listOwnedBy(runUid: string): Promise<readonly ObservedJob[]> {
    const { jobs, pods } = this.#options
    await Promise.all([jobs.synced, pods.synced])
    const owned = jobs.cache
      .find('owner', runUid)
      .filter((job) => findController(job.metadata)?.uid === runUid)
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
    if (job.metadata.deletionTimestamp === undefined) await this.#deleteJob(key, job.metadata.uid)
    if (mountsOwnSecret(job)) await deleteSecret(api, key)
  }

  watch(changed: RunChangeCallback): () => void {
    const { jobs, pods, evictionWarnings } = this.#options
    this.#watchers.add(changed)
    const stops = [
      watchRuns(jobs, findRunOfJob, changed),
      watchRuns(pods, findRunOfPod, changed),
      evictionWarnings?.watch((node) => this.#notifyRunsOnNode(node, changed)) ?? (() => {}),
    ]
    return () => {
      this.#watchers.delete(changed)
      for (const stop of stops) stop()
      if (this.#watchers.size === 0) this.#cancelRechecks()
    }
  }

  /** In the foreground: the Job stays, ending, until its pod has gone. */
  async #deleteJob(key: ObjectKey, uid: string): Promise<void> {
    const { api, jobs } = this.#options
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Foreground',
      preconditions: { uid },
    }
    try {
      const path = buildObjectPath(JOB_RESOURCE, key)
      const answer = await api.request({ method: 'DELETE', path, body })
      if ((answer as { kind?: string }).kind === 'Job') jobs.cache.applyWrite(answer as JobView)
      else jobs.cache.applyDelete(key, uid)
    } catch (error) {
      const isGone = isKubeError(error, 'NotFound') || isKubeError(error, 'Conflict')
      if (!isGone) throw error
    }
  }

  #notifyRunsOnNode(node: string, changed: RunChangeCallback): void {
    for (const pod of this.#options.pods.cache.find('node', node)) {
      const run = findRunOfPod(pod)
      if (run !== undefined) changed(run, 'live')
    }
  }

  async #observe(job: JobView): Promise<ObservedJob> {
    const nowMs = this.#options.clock.nowMs()
    const pods = await this.#readPods(job)
    const observed = observeJob({ job, pods, nowMs, node: await this.#observeNode(job, pods) })
    if (isUnexplained(observed)) this.#scheduleRecheck(job, POD_CREATION_GRACE_MS)
    return { ...observed, ...this.#toEvictionWarning(observed, pods) }
  }

  #toEvictionWarning(
    { state }: ObservedJob,
    pods: readonly PodView[],
  ): Pick<ObservedJob, 'evictionWarning'> {
    const pod = findNewestPod(pods)
    if (state !== 'Running' || pod === undefined) return {}
    const warning = this.#options.evictionWarnings?.find(pod)
    return warning === undefined ? {} : { evictionWarning: warning }
  }

  /**
   * The pods that a Job controls: as cached, but read again before a closed Job is judged by them.
   */
  async #readPods(job: JobView): Promise<readonly PodView[]> {
    const { uid } = job.metadata
    const known = [
      ...this.#options.pods.cache.find('owner', uid),
      ...this.#deletedPods.findByJob(uid),
    ]
    if (!mustRereadPods({ job, pods: known })) return known
    const reread = this.#rereadPods.get(job)
    if (reread !== undefined) return reread
    const { api } = this.#options
    const { items } = (await api.request({
      method: 'GET',
      path: buildCollectionPath(POD_RESOURCE, job.metadata.namespace),
      query: { labelSelector: `batch.kubernetes.io/controller-uid=${job.metadata.uid}` },
    })) as { readonly items: readonly PodView[] }
    const owned = items.filter((pod) => findController(pod.metadata)?.uid === job.metadata.uid)
    this.#rereadPods.set(job, owned)
    return owned
  }

  /**
   * The node of a pod that may be lost; the run is looked at again then, since a lost node says
   * nothing.
   */
  async #observeNode(job: JobView, pods: readonly PodView[]): Promise<NodeObservation | undefined> {
    const pod = findNewestPod(pods)
    const name = pod?.spec?.nodeName
    if (pod === undefined || name === undefined) return undefined
    const nowMs = this.#options.clock.nowMs()
    if (mayHaveLostNode(pod, nowMs)) {
      this.#scheduleRecheck(job, NODE_TTL_MS)
      return this.#nodeCache.get(name)
    }
    const dueMs = parseTimeMs(pod.metadata.deletionTimestamp)
    if (dueMs !== undefined && dueMs >= nowMs) this.#scheduleRecheck(job, dueMs - nowMs + 1)
    return undefined
  }

  #scheduleRecheck(job: JobView, delayMs: number): void {
    const run = findRunOfJob(job)
    const { uid } = job.metadata
    if (run === undefined || this.#recheckTimers.has(uid) || this.#watchers.size === 0) return
    const notify = (): void => {
      this.#recheckTimers.delete(uid)
      for (const changed of this.#watchers) changed(run)
    }
    this.#recheckTimers.set(uid, this.#options.clock.after(delayMs, notify))
  }

  #cancelRechecks(): void {
    for (const cancel of this.#recheckTimers.values()) cancel()
    this.#recheckTimers.clear()
  }
}

/**
 * The Jobs port on the Jobs and pods of a cluster. Reads wait for the first lists; writes fail with
 * ApiError.
 */
export const createKubernetesJobs = (options: KubernetesJobsOptions): Jobs =>
  new KubernetesJobs(options)
