import type { JobRequest } from '../../crds/job-request.ts'
import type { TerminationMessage } from '../../crds/run-report.ts'
import type { ObjectKey } from './objects.ts'

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
  /** Newest progress the home knows of; only a hint. */
  readonly progress?: { readonly step: number; readonly totalSteps: number }
}

/** The Jobs of runs. A home makes one pod of each and never starts it a second time. */
export interface Jobs {
  listOwnedBy(runUid: string): Promise<readonly ObservedJob[]>
  /** Fails with AlreadyExists, also where the Job of that name belongs to somebody else. */
  create(request: JobRequest): Promise<void>
  /** Asks the pod to end (SIGTERM, then the grace time) and removes the Job when it has. Deleting nothing is no failure. */
  delete(key: ObjectKey): Promise<void>
  /** Calls back with the key of the owning run whenever one of its Jobs changes, until the returned function is called. */
  watch(changed: (run: ObjectKey) => void): () => void
}
