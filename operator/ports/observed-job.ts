import type { TerminationMessage } from '../../contract/run-report.ts'

/** Why a pod ended, where its exit code does not say. */
export type PodFailureCause = 'Disrupted' | 'OutOfMemory' | 'CannotStart' | 'Refused'

/**
 * What a Job that has not started yet waits for: admission by its queue, a node, its image, or its
 * containers.
 */
export type WaitingPhase = 'Queue' | 'Schedule' | 'Pull' | 'Init'

export interface JobStartWait {
  readonly phase: WaitingPhase
  readonly sinceMs: number
  /** One word and a sentence on what is in the way, where something is. */
  readonly reason?: string
  readonly message?: string
}

/** One Job as its platform reports it. */
export interface ObservedJob {
  readonly name: string
  readonly uid: string
  readonly ownerUid: string
  readonly state: 'Pending' | 'Running' | 'Succeeded' | 'Failed'
  /** It is being deleted and still there. */
  readonly isEnding: boolean
  readonly createdMs: number
  readonly startedMs?: number
  /** Missing in a failed Job that is given up while its pod is still there: it must be deleted. */
  readonly endedMs?: number
  readonly waiting?: JobStartWait
  readonly exitCode?: number
  readonly cause?: PodFailureCause
  /** Why its pod will soon have to go, where the platform says so while it is live. */
  readonly evictionWarning?: string
  /** What the platform reports of the end, such as the message of an eviction. */
  readonly message?: string
  readonly termination?: TerminationMessage
  /** The image that the pod reports, with its digest. */
  readonly imageId?: string
}
