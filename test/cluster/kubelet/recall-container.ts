import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { Container, ContainerStatus, Pod, Terminated } from './pod-object.ts'
import { type ContainerRecord, newContainerRecord } from './pod-record.ts'
import { type RestartPolicy, restarts } from './restart-policy.ts'

/**
 * The end of a container that ran under an earlier kubelet, as a real kubelet reports one that it
 * cannot find.
 */
export const LOST_CONTAINER: Terminated = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
}

/** The first record of a container: new, or from the status that an earlier kubelet reported. */
export function recallContainer(
  { name, image = '' }: Container,
  pod: Pod,
  isInit: boolean,
): ContainerRecord {
  const waitsForInit = !isInit && (pod.spec.initContainers ?? []).length > 0
  const fresh = newContainerRecord(name, image, waitsForInit)
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {}
  const statuses = isInit ? initContainerStatuses : containerStatuses
  const known = statuses.find((status) => status.name === name)
  return known === undefined ? fresh : recall(fresh, known, { pod, isInit })
}

function recall(
  fresh: ContainerRecord,
  known: ContainerStatus,
  { pod, isInit }: { readonly pod: Pod; readonly isInit: boolean },
): ContainerRecord {
  const record = { ...fresh, imageId: known.imageID, restarts: known.restartCount }
  const ended = lastEnd(known)
  if (ended === undefined) return record
  const policy = (pod.spec.restartPolicy ?? 'Always') as RestartPolicy
  const isFinal =
    !('waiting' in known.state) && !restarts({ policy, exitCode: ended.exitCode, isInit })
  if (!isFinal) return { ...record, last: ended }
  return { ...record, state: { kind: 'Terminated', terminated: ended }, isFinal }
}

function lastEnd({ state, lastState, containerID }: ContainerStatus): Terminated | undefined {
  if ('terminated' in state) return state.terminated
  if ('running' in state) return { ...LOST_CONTAINER, ...omitUndefined({ containerID }) }
  return 'terminated' in lastState ? lastState.terminated : undefined
}
