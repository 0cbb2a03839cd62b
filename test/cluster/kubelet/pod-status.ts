import { omitUndefined } from '../../../std/omit-undefined.ts'
import type {
  ContainerState,
  ContainerStatus,
  PodCondition,
  PodPhase,
  PodStatus,
  Terminated,
} from './pod-object.ts'
import type { ContainerRecord, PodRecord, RecordedState } from './pod-record.ts'

/** The status that a kubelet reports, without what the API server and others write. */
export interface ReportedStatus extends PodStatus {
  readonly phase: PodPhase
  readonly conditions: readonly PodCondition[]
  readonly hostIP: string
  readonly hostIPs: readonly { readonly ip: string }[]
  readonly podIPs: readonly { readonly ip: string }[]
}

/** The status of a pod. Unchanged conditions keep the time of their last transition. */
export function podStatus(record: PodRecord, before: PodStatus, now: string): ReportedStatus {
  const { end } = record
  return {
    phase: podPhase(record),
    ...(end === undefined ? {} : { reason: end.reason, message: end.message }),
    startTime: record.startedAt,
    hostIP: record.hostIp,
    hostIPs: [{ ip: record.hostIp }],
    podIP: record.podIp,
    podIPs: [{ ip: record.podIp }],
    conditions: podConditions(record).map((condition) => withTime(condition, before, now)),
    ...(record.initContainers.length === 0
      ? {}
      : { initContainerStatuses: record.initContainers.map(initContainerStatus) }),
    containerStatuses: record.containers.map(containerStatus),
  }
}

const failed = ({ state }: ContainerRecord): boolean =>
  state.kind === 'Terminated' && state.terminated.exitCode !== 0
const succeeded = ({ state }: ContainerRecord): boolean =>
  state.kind === 'Terminated' && state.terminated.exitCode === 0
const hasRun = ({ state, last }: ContainerRecord): boolean =>
  state.kind !== 'Waiting' || last !== undefined
const isInitialized = ({ initContainers }: PodRecord): boolean => initContainers.every(succeeded)

/** The phase of a pod: it has ended only when all of its containers have for good. */
export function podPhase(record: PodRecord): PodPhase {
  const { containers, initContainers, end, isOver } = record
  if (end !== undefined || initContainers.some((c) => c.isFinal && failed(c))) return 'Failed'
  if (isOver) return containers.every(succeeded) ? 'Succeeded' : 'Failed'
  return isInitialized(record) && containers.every(hasRun) ? 'Running' : 'Pending'
}

type UntimedCondition = Omit<PodCondition, 'lastTransitionTime'>

const condition = (
  type: string,
  holds: boolean,
  why?: Omit<UntimedCondition, 'type' | 'status'>,
) => ({
  type,
  status: holds ? ('True' as const) : ('False' as const),
  ...(holds ? {} : why),
})

const joinContainerNames = (containers: readonly ContainerRecord[]): string =>
  `[${containers.map(({ name }) => name).join(' ')}]`

function podConditions(record: PodRecord): readonly UntimedCondition[] {
  const { containers, initContainers, end } = record
  const phase = podPhase(record)
  const unready = containers.filter((c) => !isContainerReady(c))
  const uninitialized = initContainers.filter((c) => !succeeded(c))
  const why =
    phase === 'Succeeded'
      ? { reason: 'PodCompleted' }
      : phase === 'Failed'
        ? { reason: 'PodFailed' }
        : {
            reason: 'ContainersNotReady',
            message: `containers with unready status: ${joinContainerNames(unready)}`,
          }
  const isReady = unready.length === 0 && phase === 'Running'
  const waiting = {
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: ${joinContainerNames(uninitialized)}`,
  }
  return [
    condition('PodScheduled', true),
    condition('PodReadyToStartContainers', !record.isOver),
    condition('Initialized', isInitialized(record), waiting),
    condition('ContainersReady', isReady, why),
    condition('Ready', isReady, why),
    ...(end?.disruption === undefined
      ? []
      : [
          {
            type: 'DisruptionTarget',
            status: 'True' as const,
            reason: end.disruption,
            message: end.message,
          },
        ]),
  ]
}

function withTime(condition: UntimedCondition, before: PodStatus, now: string): PodCondition {
  const same = before.conditions?.find(
    ({ type, status }) => type === condition.type && status === condition.status,
  )
  return { ...condition, lastTransitionTime: same?.lastTransitionTime ?? now }
}

const isContainerReady = (record: ContainerRecord): boolean =>
  record.state.kind === 'Running' && record.isStarted && record.isReady

function containerStatus(record: ContainerRecord): ContainerStatus {
  const { name, image, imageId, state, last, restarts } = record
  const containerID = findContainerId(state, last)
  return {
    name,
    image,
    imageID: imageId,
    ...omitUndefined({ containerID }),
    ready: isContainerReady(record),
    started: state.kind === 'Running' && record.isStarted,
    restartCount: restarts,
    state: reportedState(state),
    lastState: last === undefined ? {} : { terminated: last },
  }
}

/** An init container is ready when it has done its work. */
const initContainerStatus = (record: ContainerRecord): ContainerStatus => ({
  ...containerStatus(record),
  ready: succeeded(record),
})

function reportedState(state: RecordedState): ContainerState {
  if (state.kind === 'Waiting') return { waiting: state.waiting }
  if (state.kind === 'Terminated') return { terminated: state.terminated }
  return { running: { startedAt: state.startedAt } }
}

function findContainerId(state: RecordedState, last: Terminated | undefined): string | undefined {
  if (state.kind === 'Running') return state.containerId
  return state.kind === 'Terminated' ? state.terminated.containerID : last?.containerID
}
