import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { JobStartWait, ObservedJob } from '../../ports/observed-job.ts'
import { QUEUE_LABEL } from './build-job-manifest.ts'
import { classifyPod, type NodeSighting, type PodReading } from './classify-pod.ts'
import {
  type ConditionView,
  type JobView,
  type PodView,
  sentence,
  timeMs,
  trueCondition,
} from './pod-view.ts'

export interface JobSighting {
  readonly job: JobView
  /** The pods that it controls. */
  readonly pods: readonly PodView[]
  readonly nowMs: number
  /** The node of its newest pod, where it was asked for. */
  readonly node?: NodeSighting | undefined
}

const createdMsOf = ({ metadata }: JobView | PodView): number =>
  timeMs(metadata.creationTimestamp) ?? 0

/** How the Job controller has closed a Job. */
const closedBy = ({ status }: JobView): ConditionView | undefined =>
  trueCondition(status?.conditions, 'Complete') ?? trueCondition(status?.conditions, 'Failed')

/** The pod that counts: a Job that Kueue has put back into its queue gets another. */
export const newestPod = (pods: readonly PodView[]): PodView | undefined =>
  pods.toSorted(
    (a, b) =>
      createdMsOf(b) - createdMsOf(a) ||
      Number(a.metadata.deletionTimestamp !== undefined) -
        Number(b.metadata.deletionTimestamp !== undefined),
  )[0]

const isLive = ({ state }: PodReading): boolean => state === 'Pending' || state === 'Running'

/** Whether a Job is closed and the pods that are known do not show how they ended: read them again before judging. */
export function needsFreshPods({ job, pods }: Pick<JobSighting, 'job' | 'pods'>): boolean {
  const pod = newestPod(pods)
  return closedBy(job) !== undefined && (pod === undefined || isLive(classifyPod(pod)))
}

/** Waits for its queue: Kueue makes suspended Jobs go, and puts them back. */
function queued(job: JobView): JobStartWait {
  const suspended = trueCondition(job.status?.conditions, 'Suspended')
  const queue = job.metadata.labels?.[QUEUE_LABEL]
  return {
    phase: 'Queue',
    sinceMs: timeMs(suspended?.lastTransitionTime) ?? createdMsOf(job),
    reason: 'Queued',
    message:
      queue === undefined
        ? 'the Job is suspended; set its suspend to false'
        : `queue ${queue} has not admitted the Job yet`,
  }
}

const hadPod = ({ status }: JobView): boolean =>
  [
    status?.active,
    status?.succeeded,
    status?.failed,
    status?.uncountedTerminatedPods?.failed?.length,
    status?.uncountedTerminatedPods?.succeeded?.length,
  ].some((count) => (count ?? 0) > 0)

/** How long a Job may be without a pod before that is worth a word (ms). */
export const POD_DUE_MS = 10_000

/** No pod is known. One that comes or went just now is no reason to let an old deadline pass. */
function withoutPod({ job, nowMs }: JobSighting): JobStartWait {
  if (hadPod(job)) return { phase: 'Schedule', sinceMs: nowMs }
  const sinceMs = timeMs(job.status?.startTime) ?? createdMsOf(job)
  if (nowMs - sinceMs < POD_DUE_MS) return { phase: 'Schedule', sinceMs }
  return {
    phase: 'Schedule',
    sinceMs,
    reason: 'NoPod',
    message:
      'no pod of the Job has been made; a quota or an admission policy may be in the way: kubectl describe job says',
  }
}

/** What a closed Job says where its pod no longer says anything. */
function closedReading(job: JobView, closed: ConditionView): PodReading {
  const endedMs = timeMs(job.status?.completionTime ?? closed.lastTransitionTime)
  const ended = { endedMs: endedMs ?? createdMsOf(job) }
  if (closed.type === 'Complete') return { state: 'Succeeded', exitCode: 0, ...ended }
  const why = sentence(closed.reason, closed.message)
  return { state: 'Failed', cause: 'Disrupted', message: `its pod is gone (${why})`, ...ended }
}

/** Suspension ends a pod without closing its Job, and Kueue may let it go again under the same name. */
const isPutBack = (job: JobView, pod: PodView, reading: PodReading): boolean =>
  reading.state === 'Failed' &&
  reading.endedMs !== undefined &&
  closedBy(job) === undefined &&
  (job.spec?.suspend === true || pod.metadata.deletionTimestamp !== undefined)

function readingOf(sighting: JobSighting): PodReading {
  const { job, pods, node, nowMs } = sighting
  const pod = newestPod(pods)
  const closed = closedBy(job)
  if (pod === undefined && closed !== undefined) return closedReading(job, closed)
  const isSuspended = job.spec?.suspend === true
  if (pod === undefined) {
    return { state: 'Pending', waiting: isSuspended ? queued(job) : withoutPod(sighting) }
  }
  const reading = classifyPod(pod, node)
  if (!isPutBack(job, pod, reading)) return reading
  return {
    state: 'Pending',
    waiting: isSuspended ? queued(job) : { phase: 'Schedule', sinceMs: nowMs },
  }
}

/** Times of several machines, put in their order. */
function inOrder(reading: PodReading, createdMs: number): PodReading {
  const { startedMs, endedMs } = reading
  const started = startedMs === undefined ? undefined : Math.max(createdMs, startedMs)
  const ended = endedMs === undefined ? undefined : Math.max(started ?? createdMs, endedMs)
  return {
    ...reading,
    ...omitUndefined({ startedMs: started, endedMs: ended }),
  }
}

/** A Job and its pods as the controllers see them. */
export function observeJob(sighting: JobSighting): ObservedJob {
  const { metadata } = sighting.job
  const createdMs = createdMsOf(sighting.job)
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true)
  return {
    name: metadata.name,
    uid: metadata.uid,
    ownerUid: owner?.uid ?? '',
    isEnding: metadata.deletionTimestamp !== undefined,
    createdMs,
    ...inOrder(readingOf(sighting), createdMs),
  }
}
