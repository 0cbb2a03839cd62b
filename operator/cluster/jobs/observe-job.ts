import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { JobStartWait, ObservedJob } from '../../ports/observed-job.ts'
import { QUEUE_LABEL } from './build-job-manifest.ts'
import { classifyPod, type NodeObservation, type PodObservation } from './classify-pod.ts'
import {
  type ConditionView,
  findController,
  findTrueCondition,
  formatReason,
  type JobView,
  type PodView,
  parseTimeMs,
  readCreatedMs,
} from './pod-view.ts'

export interface JobSnapshot {
  readonly job: JobView
  /** The pods that it controls. */
  readonly pods: readonly PodView[]
  readonly nowMs: number
  /** The node of its newest pod, where it was asked for. */
  readonly node?: NodeObservation | undefined
}

/** How the Job controller has closed a Job. */
const findTerminalCondition = ({ status }: JobView): ConditionView | undefined =>
  findTrueCondition(status?.conditions, 'Complete') ??
  findTrueCondition(status?.conditions, 'Failed')

/** The pod that counts: a Job that Kueue has put back into its queue gets another. */
export const findNewestPod = (pods: readonly PodView[]): PodView | undefined =>
  pods.toSorted(
    (a, b) =>
      readCreatedMs(b) - readCreatedMs(a) ||
      Number(a.metadata.deletionTimestamp !== undefined) -
        Number(b.metadata.deletionTimestamp !== undefined),
  )[0]

const isLive = ({ state }: PodObservation): boolean => state === 'Pending' || state === 'Running'

/**
 * Whether a Job is closed and the pods that are known do not show how they ended: read them again
 * before judging.
 */
export function mustRereadPods({ job, pods }: Pick<JobSnapshot, 'job' | 'pods'>): boolean {
  const pod = findNewestPod(pods)
  return findTerminalCondition(job) !== undefined && (pod === undefined || isLive(classifyPod(pod)))
}

/** Waits for its queue: Kueue makes suspended Jobs go, and puts them back. */
function buildQueueWait(job: JobView): JobStartWait {
  const suspended = findTrueCondition(job.status?.conditions, 'Suspended')
  const queue = job.metadata.labels?.[QUEUE_LABEL]
  return {
    phase: 'Queue',
    sinceMs: parseTimeMs(suspended?.lastTransitionTime) ?? readCreatedMs(job),
    reason: 'Queued',
    message:
      queue === undefined
        ? 'the Job is suspended; set its suspend to false'
        : `queue ${queue} has not admitted the Job yet`,
  }
}

const hasHadPod = ({ status }: JobView): boolean =>
  [
    status?.active,
    status?.succeeded,
    status?.failed,
    status?.uncountedTerminatedPods?.failed?.length,
    status?.uncountedTerminatedPods?.succeeded?.length,
  ].some((count) => (count ?? 0) > 0)

/** How long a Job may be without a pod before that is worth a word (ms). */
export const POD_CREATION_GRACE_MS = 10_000

/** No pod is known. One that comes or went just now is no reason to let an old deadline pass. */
function buildNoPodWait({ job, nowMs }: JobSnapshot): JobStartWait {
  if (hasHadPod(job)) return { phase: 'Schedule', sinceMs: nowMs }
  const sinceMs = parseTimeMs(job.status?.startTime) ?? readCreatedMs(job)
  if (nowMs - sinceMs < POD_CREATION_GRACE_MS) return { phase: 'Schedule', sinceMs }
  return {
    phase: 'Schedule',
    sinceMs,
    reason: 'NoPod',
    message:
      'no pod of the Job has been made; a quota or an admission policy may be in the way: kubectl describe job says',
  }
}

/** What a closed Job says where its pod no longer says anything. */
function buildClosedObservation(job: JobView, closed: ConditionView): PodObservation {
  const endedMs = parseTimeMs(job.status?.completionTime ?? closed.lastTransitionTime)
  const ended = { endedMs: endedMs ?? readCreatedMs(job) }
  if (closed.type === 'Complete') return { state: 'Succeeded', exitCode: 0, ...ended }
  const why = formatReason(closed.reason, closed.message)
  return { state: 'Failed', cause: 'Disrupted', message: `its pod is gone (${why})`, ...ended }
}

/**
 * Suspension ends a pod without closing its Job, and Kueue may let it go again under the same name.
 */
const isRequeued = (job: JobView, pod: PodView, observation: PodObservation): boolean =>
  observation.state === 'Failed' &&
  observation.endedMs !== undefined &&
  findTerminalCondition(job) === undefined &&
  (job.spec?.suspend === true || pod.metadata.deletionTimestamp !== undefined)

function observePods(snapshot: JobSnapshot): PodObservation {
  const { job, pods, node, nowMs } = snapshot
  const pod = findNewestPod(pods)
  const closed = findTerminalCondition(job)
  if (pod === undefined && closed !== undefined) return buildClosedObservation(job, closed)
  const isSuspended = job.spec?.suspend === true
  if (pod === undefined) {
    return {
      state: 'Pending',
      waiting: isSuspended ? buildQueueWait(job) : buildNoPodWait(snapshot),
    }
  }
  const observation = classifyPod(pod, node)
  if (!isRequeued(job, pod, observation)) return observation
  return {
    state: 'Pending',
    waiting: isSuspended ? buildQueueWait(job) : { phase: 'Schedule', sinceMs: nowMs },
  }
}

/** Times of several machines, put in their order. */
function clampTimes(observation: PodObservation, createdMs: number): PodObservation {
  const { startedMs, endedMs } = observation
  const started = startedMs === undefined ? undefined : Math.max(createdMs, startedMs)
  const ended = endedMs === undefined ? undefined : Math.max(started ?? createdMs, endedMs)
  return {
    ...observation,
    ...omitUndefined({ startedMs: started, endedMs: ended }),
  }
}

/** A Job and its pods as the controllers see them. */
export function observeJob(snapshot: JobSnapshot): ObservedJob {
  const { metadata } = snapshot.job
  const createdMs = readCreatedMs(snapshot.job)
  const owner = findController(metadata)
  return {
    name: metadata.name,
    uid: metadata.uid,
    ownerUid: owner?.uid ?? '',
    isEnding: metadata.deletionTimestamp !== undefined,
    createdMs,
    ...clampTimes(observePods(snapshot), createdMs),
  }
}
