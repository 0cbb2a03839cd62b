import type { PodEnd } from './executor.ts'
import type { Terminated, Waiting } from './pod-object.ts'

/** What is known of one container, from which its status is made. */
export interface ContainerRecord {
  readonly name: string
  readonly image: string
  readonly imageId: string
  readonly state: RecordedState
  readonly last: Terminated | undefined
  readonly restarts: number
  /** Result of the readiness probe; true when there is none. */
  readonly isReady: boolean
  /** Result of the startup probe; true when there is none. */
  readonly isStarted: boolean
  /** It has ended and will not be started again. */
  readonly isFinal: boolean
}

export type RecordedState =
  | { readonly kind: 'Waiting'; readonly waiting: Waiting }
  | { readonly kind: 'Running'; readonly startedAt: string; readonly containerId: string }
  | { readonly kind: 'Terminated'; readonly terminated: Terminated }

/** What is known of a pod. */
export interface PodRecord {
  readonly podIp: string
  readonly hostIp: string
  readonly startedAt: string
  readonly initContainers: readonly ContainerRecord[]
  readonly containers: readonly ContainerRecord[]
  /** The kubelet ended the pod by itself. */
  readonly end: PodEnd | undefined
  /** Nothing of it runs and nothing will: it was stopped, or it has ended by itself. */
  readonly isOver: boolean
}

/** A container before anything was done for it. */
export const newContainerRecord = (
  name: string,
  image: string,
  waitsForInit: boolean,
): ContainerRecord => ({
  name,
  image,
  imageId: '',
  state: {
    kind: 'Waiting',
    waiting: { reason: waitsForInit ? 'PodInitializing' : 'ContainerCreating' },
  },
  last: undefined,
  restarts: 0,
  isReady: false,
  isStarted: false,
  isFinal: false,
})
