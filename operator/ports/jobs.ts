import type { ObjectKey } from '../../kube/object-key.ts'
import type { Urgency } from '../../kube/urgency.ts'
import type { JobRequest, ReaderRequest } from './job-request.ts'
import type { ObservedJob } from './observed-job.ts'

/** The Jobs of runs. A platform makes one pod of each and never starts it a second time. */
export interface Jobs {
  /** How long the Jobs of an ended run stay where the run does not say; for ever when undefined. */
  readonly defaultTtlSeconds?: number
  listOwnedBy(runUid: string): Promise<readonly ObservedJob[]>
  /**
   * Fails with AlreadyExists, also where the Job of that name belongs to another run, with
   * NameConflict where it belongs to nobody we know, and with Invalid where the platform refuses
   * what is asked.
   */
  create(request: JobRequest): Promise<void>
  /**
   * Makes the Job that ships what ended pods of a run left on the storage. Fails as `create` does;
   * with Invalid on a platform without a bus.
   */
  createReader(request: ReaderRequest): Promise<void>
  /**
   * Asks the pod to end (SIGTERM, then the grace time) and removes the Job when it has. Deleting
   * nothing is no failure.
   */
  delete(key: ObjectKey): Promise<void>
  /**
   * Calls back with the key of the owning run whenever one of its Jobs changes, until the returned
   * function is called.
   */
  watch(changed: (run: ObjectKey, urgency?: Urgency) => void): () => void
}
