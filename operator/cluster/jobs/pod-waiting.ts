import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { JobStartWait, WaitingPhase } from '../../ports/observed-job.ts'
import {
  type ConditionView,
  type ContainerView,
  type PodView,
  timeMs,
  trueCondition,
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

const conditionOf = ({ status }: PodView, type: string): ConditionView | undefined =>
  status?.conditions?.find((condition) => condition.type === type)

const containersOf = ({ status }: PodView): readonly ContainerView[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
]

type Said = Pick<JobStartWait, 'reason' | 'message'>

const said = (reason: string | undefined, message: string | undefined): Said => ({
  ...omitUndefined({ reason, message }),
})

/** A kubelet that cannot pull says by turns that it failed and that it backs off: one reason and one sentence for both. */
const PULL_FAILURE = 'ImagePullBackOff'
const BACK_OFF = /^Back-off pulling image .*?: ErrImagePull: /
const settled = (found: Said): Said =>
  PULL_REASONS.has(found.reason ?? '')
    ? said(PULL_FAILURE, found.message?.replace(BACK_OFF, ''))
    : found

const createdMs = ({ metadata }: PodView): number => timeMs(metadata.creationTimestamp) ?? 0

function unscheduled(pod: PodView): JobStartWait {
  const { reason, message } = conditionOf(pod, 'PodScheduled') ?? {}
  const phase: WaitingPhase = reason === 'SchedulingGated' ? 'Queue' : 'Schedule'
  return { phase, sinceMs: createdMs(pod), ...said(reason, message) }
}

/** The first container that something is in the way of. */
const hindered = (pod: PodView): Said | undefined =>
  containersOf(pod)
    .flatMap(({ state }) => state?.waiting ?? [])
    .filter(({ reason = '' }) => reason !== '' && !ORDINARY_REASONS.has(reason))
    .map(({ reason, message }) => settled(said(reason, message)))[0]

/** Since when a condition of a pod has been true; undefined where it is not. */
const trueSinceMs = ({ status }: PodView, type: string): number | undefined =>
  timeMs(trueCondition(status?.conditions, type)?.lastTransitionTime)

/**
 * What a pod on a node waits for. A kubelet does not say that it pulls: a pod whose sandbox stands, with volumes and
 * network, and whose container is not made, is waiting for its image.
 */
function scheduled(pod: PodView): JobStartWait {
  const scheduledMs = trueSinceMs(pod, 'PodScheduled') ?? createdMs(pod)
  const readyMs = trueSinceMs(pod, 'PodReadyToStartContainers')
  const found = hindered(pod)
  const isPull = found === undefined ? readyMs !== undefined : PULL_REASONS.has(found.reason ?? '')
  return {
    ...(isPull
      ? { phase: 'Pull', sinceMs: readyMs ?? scheduledMs }
      : { phase: 'Init', sinceMs: scheduledMs }),
    ...found,
  }
}

/** What a pod that runs nothing yet waits for. */
export const waitingOf = (pod: PodView): JobStartWait =>
  pod.spec?.nodeName === undefined ? unscheduled(pod) : scheduled(pod)

/** A name of an image that no registry can have: it will not get better by waiting. */
export function refusedImage(pod: PodView): string | undefined {
  const waiting = containersOf(pod)
    .flatMap(({ state }) => state?.waiting ?? [])
    .find(({ reason }) => reason === 'InvalidImageName')
  return waiting === undefined
    ? undefined
    : `InvalidImageName: ${waiting.message ?? 'the image has no valid name'}; set pod.image`
}
