import type { V1Container, V1PodSpec } from '@kubernetes/client-node'

/**
 * A pod as the API server sends it. Its times are RFC 3339 text, unlike in the classes of the
 * client library.
 */
export interface Pod {
  readonly metadata: PodMetadata
  readonly spec: V1PodSpec
  readonly status?: PodStatus
}

export interface PodMetadata {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly deletionTimestamp?: string
  readonly deletionGracePeriodSeconds?: number
}

export interface PodStatus {
  readonly phase?: PodPhase
  readonly reason?: string
  readonly message?: string
  readonly startTime?: string
  readonly podIP?: string
  readonly conditions?: readonly PodCondition[]
  readonly containerStatuses?: readonly ContainerStatus[]
  readonly initContainerStatuses?: readonly ContainerStatus[]
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'

export interface PodCondition {
  readonly type: string
  readonly status: 'True' | 'False'
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime: string
}

export interface Waiting {
  readonly reason: string
  readonly message?: string
}

export interface Terminated {
  readonly exitCode: number
  readonly reason: string
  readonly message?: string
  readonly startedAt?: string
  readonly finishedAt?: string
  readonly containerID?: string
}

export type ContainerState =
  | { readonly waiting: Waiting }
  | { readonly running: { readonly startedAt: string } }
  | { readonly terminated: Terminated }

export interface ContainerStatus {
  readonly name: string
  readonly image: string
  readonly imageID: string
  readonly containerID?: string
  readonly ready: boolean
  readonly started: boolean
  readonly restartCount: number
  readonly state: ContainerState
  readonly lastState: ContainerState | Record<string, never>
}

export type Container = V1Container

/** Whether the pod has ended and will not run again. */
export const hasEnded = (pod: Pod): boolean =>
  pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

/** `namespace/name`, for log lines. */
export const toPodName = (pod: Pod): string => `${pod.metadata.namespace}/${pod.metadata.name}`
