import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { classifyPodEnd, mainContainer, readEndedMs } from './classify-pod-end.ts'
import { classifyPodWait, findInvalidImage } from './classify-pod-wait.ts'
import { hasEnded, type NodeView, type PodView, parseTimeMs } from './pod-view.ts'

/** What a pod adds to what is known of its Job. */
export type PodObservation = Pick<
  ObservedJob,
  | 'state'
  | 'startedMs'
  | 'endedMs'
  | 'waiting'
  | 'exitCode'
  | 'cause'
  | 'message'
  | 'termination'
  | 'imageId'
>

/** What is known of the node of a pod that has not ended; undefined where nobody asked. */
export interface NodeObservation {
  readonly node: NodeView | 'Gone'
  readonly nowMs: number
  /**
   * After how long without its kubelet a node is given up by the operator itself; never where left
   * out.
   */
  readonly releaseAfterMs?: number | undefined
}

/** Set by a person or a controller that has made sure that the node is off. */
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service'

/** For how long a node has been without its kubelet; undefined where it has one. */
function computeNotReadyMs(node: NodeView, nowMs: number): number | undefined {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')
  if (ready === undefined || ready.status === 'True') return undefined
  return nowMs - (parseTimeMs(ready.lastTransitionTime) ?? nowMs)
}

/**
 * Why a pod is taken for dead though nobody can say so: two containers must never train the same
 * attempt.
 */
function findNodeLossReason(name: string, nodeObservation: NodeObservation): string | undefined {
  const { node, nowMs, releaseAfterMs } = nodeObservation
  if (node === 'Gone') return `NodeLost: node ${name} was deleted`
  if (node.spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE) === true) {
    return `NodeLost: node ${name} is out of service`
  }
  const lostMs = computeNotReadyMs(node, nowMs)
  if (lostMs === undefined || releaseAfterMs === undefined || lostMs < releaseAfterMs) {
    return undefined
  }
  return `NodeLost: node ${name} has been without its kubelet for ${Math.floor(lostMs / 1000)} s`
}

function readStartedMs(pod: PodView): number | undefined {
  const { running, terminated } = mainContainer(pod)?.state ?? {}
  return parseTimeMs(terminated?.startedAt ?? running?.startedAt)
}

/** What does not depend on how the pod fares. */
function readStartAndImage(pod: PodView): Pick<PodObservation, 'startedMs' | 'imageId'> {
  const startedMs = readStartedMs(pod)
  const imageId = mainContainer(pod)?.imageID
  return {
    ...omitUndefined({ startedMs }),
    ...(imageId === undefined || imageId === '' ? {} : { imageId }),
  }
}

function observeEndedPod(pod: PodView): PodObservation {
  const startAndImage = readStartAndImage(pod)
  const endedMs = Math.max(startAndImage.startedMs ?? 0, readEndedMs(pod))
  return { ...classifyPodEnd(pod), ...startAndImage, endedMs }
}

/** A failure whose pod is still there: it has no endedMs, and the Job must be deleted. */
const buildAbandonedPod = (
  pod: PodView,
  cause: 'Disrupted' | 'Refused',
  message: string,
): PodObservation => ({
  state: 'Failed',
  cause,
  message,
  ...readStartAndImage(pod),
})

/**
 * What the state of a pod means for its Job: which phase it waits in, or how it ended and what pays
 * for it.
 */
export function classifyPod(pod: PodView, nodeObservation?: NodeObservation): PodObservation {
  if (hasEnded(pod)) return observeEndedPod(pod)
  const { nodeName } = pod.spec ?? {}
  const nodeLoss =
    nodeName === undefined || nodeObservation === undefined
      ? undefined
      : findNodeLossReason(nodeName, nodeObservation)
  if (nodeLoss !== undefined) return buildAbandonedPod(pod, 'Disrupted', nodeLoss)
  const refused = findInvalidImage(pod)
  if (refused !== undefined) return buildAbandonedPod(pod, 'Refused', refused)
  const startAndImage = readStartAndImage(pod)
  if (startAndImage.startedMs !== undefined) return { state: 'Running', ...startAndImage }
  return { state: 'Pending', waiting: classifyPodWait(pod), ...startAndImage }
}

/** Whether to ask for the node of a pod: its kubelet may be gone. */
export function mayHaveLostNode(pod: PodView, nowMs: number): boolean {
  const dueMs = parseTimeMs(pod.metadata.deletionTimestamp)
  if (hasEnded(pod)) return false
  return pod.status?.phase === 'Unknown' || (dueMs !== undefined && dueMs < nowMs)
}
