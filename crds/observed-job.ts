import type { TerminationMessage } from './run-report.ts'

/** Why a pod ended, where its exit code does not say. */
export type PodCause = 'Disrupted' | 'OutOfMemory' | 'CannotStart'

/** One Job as a home sees it. */
export interface ObservedJob {
  readonly name: string
  readonly uid: string
  readonly ownerUid: string
  readonly state: 'Pending' | 'Running' | 'Succeeded' | 'Failed'
  /** It is being deleted and still there. */
  readonly isEnding: boolean
  readonly createdMs: number
  readonly startedMs?: number
  readonly endedMs?: number
  readonly exitCode?: number
  readonly cause?: PodCause
  readonly termination?: TerminationMessage
}
