import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { endedMsOf, endOf, mainContainer } from './pod-end.ts'
import { type NodeView, type PodView, timeMs } from './pod-view.ts'
import { refusedImage, waitingOf } from './pod-waiting.ts'

/** What a pod adds to what is known of its Job. */
export type PodReading = Pick<
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
export interface NodeSighting {
  readonly node: NodeView | 'Gone'
  readonly nowMs: number
  /** After how long without its kubelet a node is given up by the operator itself; never where left out. */
  readonly releaseAfterMs?: number | undefined
}

/** Set by a person or a controller that has made sure that the node is off. */
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service'

/** For how long a node has been without its kubelet; undefined where it has one. */
function lostForMs(node: NodeView, nowMs: number): number | undefined {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')
  if (ready === undefined || ready.status === 'True') return undefined
  return nowMs - (timeMs(ready.lastTransitionTime) ?? nowMs)
}

/** Why a pod is taken for dead though nobody can say so: two containers must never train the same attempt. */
function releaseReason(name: string, seen: NodeSighting): string | undefined {
  const { node, nowMs, releaseAfterMs } = seen
  if (node === 'Gone') return `NodeLost: node ${name} was deleted`
  if (node.spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE) === true) {
    return `NodeLost: node ${name} is out of service`
  }
  const lostMs = lostForMs(node, nowMs)
  if (lostMs === undefined || releaseAfterMs === undefined || lostMs < releaseAfterMs) {
    return undefined
  }
  return `NodeLost: node ${name} has been without its kubelet for ${Math.floor(lostMs / 1000)} s`
}

const hasEnded = ({ status }: PodView): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed'

function startedMsOf(pod: PodView): number | undefined {
  const { running, terminated } = mainContainer(pod)?.state ?? {}
  return timeMs(terminated?.startedAt ?? running?.startedAt)
}

/** What does not depend on how the pod fares. */
function factsOf(pod: PodView): Pick<PodReading, 'startedMs' | 'imageId'> {
  const startedMs = startedMsOf(pod)
  const imageId = mainContainer(pod)?.imageID
  return {
    ...omitUndefined({ startedMs }),
    ...(imageId === undefined || imageId === '' ? {} : { imageId }),
  }
}

function ended(pod: PodView): PodReading {
  const facts = factsOf(pod)
  const endedMs = Math.max(facts.startedMs ?? 0, endedMsOf(pod))
  return { ...endOf(pod), ...facts, endedMs }
}

/** A failure whose pod is still there: it has no endedMs, and the Job must be deleted. */
const givenUp = (pod: PodView, cause: 'Disrupted' | 'Refused', message: string): PodReading => ({
  state: 'Failed',
  cause,
  message,
  ...factsOf(pod),
})

/** What the state of a pod means for its Job: which phase it waits in, or how it ended and what pays for it. */
export function classifyPod(pod: PodView, seen?: NodeSighting): PodReading {
  if (hasEnded(pod)) return ended(pod)
  const { nodeName } = pod.spec ?? {}
  const lost =
    nodeName === undefined || seen === undefined ? undefined : releaseReason(nodeName, seen)
  if (lost !== undefined) return givenUp(pod, 'Disrupted', lost)
  const refused = refusedImage(pod)
  if (refused !== undefined) return givenUp(pod, 'Refused', refused)
  const facts = factsOf(pod)
  if (facts.startedMs !== undefined) return { state: 'Running', ...facts }
  return { state: 'Pending', waiting: waitingOf(pod), ...facts }
}

/** Whether to ask for the node of a pod: its kubelet may be gone. */
export function mayBeLost(pod: PodView, nowMs: number): boolean {
  const dueMs = timeMs(pod.metadata.deletionTimestamp)
  if (hasEnded(pod)) return false
  return pod.status?.phase === 'Unknown' || (dueMs !== undefined && dueMs < nowMs)
}
