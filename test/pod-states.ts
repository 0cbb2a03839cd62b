import type {
  ConditionView,
  ContainerView,
  PodView,
  TerminatedView,
} from '../operator/cluster/jobs/pod-view.ts'
import { omitUndefined } from '../std/omit-undefined.ts'

export const at = (second: number): string => new Date(second * 1000).toISOString()
export type Status = NonNullable<PodView['status']>

/** A pod bound to a node, or to none. */
export const unboundPod = (status: Status, nodeName?: string): PodView => ({
  metadata: {
    name: 'study-0-r0-a1-x',
    namespace: 'team',
    uid: 'pod-uid',
    resourceVersion: '1',
    creationTimestamp: at(100),
  },
  ...(nodeName === undefined ? {} : { spec: { nodeName } }),
  status,
})
/** A pod bound to node n1. */
export const boundPod = (status: Status): PodView => unboundPod(status, 'n1')

export const condition = (type: string, rest: Partial<ConditionView> = {}): ConditionView => ({
  type,
  status: 'True',
  lastTransitionTime: at(110),
  ...rest,
})
export const scheduled = condition('PodScheduled')
const sandbox = condition('PodReadyToStartContainers', { lastTransitionTime: at(120) })
export const trainer = (state: ContainerView['state'], imageID = ''): ContainerView => ({
  name: 'trainer',
  imageID,
  ...omitUndefined({ state }),
})
export const waiting = (reason: string, message?: string): Status => ({
  phase: 'Pending',
  conditions: [scheduled, sandbox],
  containerStatuses: [trainer({ waiting: { reason, ...omitUndefined({ message }) } })],
})
export const failed = (end: TerminatedView | undefined, rest: Status = {}): Status => ({
  phase: 'Failed',
  ...(end === undefined
    ? {}
    : {
        containerStatuses: [
          trainer({ terminated: { startedAt: at(130), finishedAt: at(190), ...end } }),
        ],
      }),
  ...rest,
})
export const words = {
  schemaVersion: 1 as const,
  reason: 'Succeeded',
  message: 'trained',
  reused: false,
  step: 4,
  metrics: { loss: 3.5 },
  evaluations: [],
}
export const said = JSON.stringify(words)
export const target = (reason: string): ConditionView =>
  condition('DisruptionTarget', { reason, message: 'it had to go' })
