import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { JobStartWait, WaitingPhase } from '../../ports/observed-job.ts'
import {
  type ConditionView,
  type ContainerView,
  findTrueCondition,
  type PodView,
  parseTimeMs,
  readCreatedMs,
} from './pod-view.ts'

/** What a kubelet says while an image is not there. */
const PULL_REASONS: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
])

/** What a kubelet says of every container that has nothing wrong. */
const ORDINARY_REASONS: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing'])

const findPodCondition = ({ status }: PodView, type: string): ConditionView | undefined =>
  status?.conditions?.find((condition) => condition.type === type)

const listContainerStatuses = ({ status }: PodView): readonly ContainerView[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
]

type WaitReason = Pick<JobStartWait, 'reason' | 'message'>

const buildWaitReason = (reason: string | undefined, message: string | undefined): WaitReason => ({
  ...omitUndefined({ reason, message }),
})

/**
 * A kubelet that cannot pull says by turns that it failed and that it backs off: one reason and one
 * sentence for both.
 */
const PULL_FAILURE = 'ImagePullBackOff'
const BACK_OFF_PREFIX = /^Back-off pulling image .*?: ErrImagePull: /
const normalizePullReason = (found: WaitReason): WaitReason =>
  PULL_REASONS.has(found.reason ?? '')
    ? buildWaitReason(PULL_FAILURE, found.message?.replace(BACK_OFF_PREFIX, ''))
    : found

function buildUnscheduledWait(pod: PodView): JobStartWait {
  const { reason, message } = findPodCondition(pod, 'PodScheduled') ?? {}
  const phase: WaitingPhase = reason === 'SchedulingGated' ? 'Queue' : 'Schedule'
  return { phase, sinceMs: readCreatedMs(pod), ...buildWaitReason(reason, message) }
}

/** The first container that something is in the way of. */
const findWaitReason = (pod: PodView): WaitReason | undefined =>
  listContainerStatuses(pod)
    .flatMap(({ state }) => state?.waiting ?? [])
    .filter(({ reason = '' }) => reason !== '' && !ORDINARY_REASONS.has(reason))
    .map(({ reason, message }) => normalizePullReason(buildWaitReason(reason, message)))[0]

/** Since when a condition of a pod has been true; undefined where it is not. */
const findTrueSinceMs = ({ status }: PodView, type: string): number | undefined =>
  parseTimeMs(findTrueCondition(status?.conditions, type)?.lastTransitionTime)

/**
 * What a pod on a node waits for. A kubelet does not say that it pulls: a pod whose sandbox stands,
 * with volumes and network, and whose container is not made, is waiting for its image.
 */
function buildScheduledWait(pod: PodView): JobStartWait {
  const scheduledMs = findTrueSinceMs(pod, 'PodScheduled') ?? readCreatedMs(pod)
  const readyMs = findTrueSinceMs(pod, 'PodReadyToStartContainers')
  const found = findWaitReason(pod)
  const isPull = found === undefined ? readyMs !== undefined : PULL_REASONS.has(found.reason ?? '')
  return {
    ...(isPull
      ? { phase: 'Pull', sinceMs: readyMs ?? scheduledMs }
      : { phase: 'Init', sinceMs: scheduledMs }),
    ...found,
  }
}

/** What a pod that runs nothing yet waits for. */
export const classifyPodWait = (pod: PodView): JobStartWait =>
  pod.spec?.nodeName === undefined ? buildUnscheduledWait(pod) : buildScheduledWait(pod)

/** A name of an image that no registry can have: it will not get better by waiting. */
export function findInvalidImage(pod: PodView): string | undefined {
  const waiting = listContainerStatuses(pod)
    .flatMap(({ state }) => state?.waiting ?? [])
    .find(({ reason }) => reason === 'InvalidImageName')
  return waiting === undefined
    ? undefined
    : `InvalidImageName: ${waiting.message ?? 'the image has no valid name'}; set pod.image`
}
