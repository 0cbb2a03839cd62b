import type { JobCaches } from './job-caches.ts'
import { findController, hasEnded, type PodView } from './pod-view.ts'

/**
 * Pods that ended and were deleted, as they were last seen, for as long as their Job is there: one
 * that was evicted or deleted by hand goes before its Job is closed, and with it would go its exit
 * code and termination message.
 */
export class DeletedPods {
  readonly #byJob = new Map<string, PodView>()
  readonly #jobs: JobCaches['jobs']

  constructor({ jobs, pods }: JobCaches) {
    this.#jobs = jobs
    pods.cache.subscribe(({ before, after }) => {
      if (after === undefined && before !== undefined && hasEnded(before)) this.#record(before)
    })
    jobs.cache.subscribe(({ before, after }) => {
      if (after === undefined && before !== undefined) this.#byJob.delete(before.metadata.uid)
    })
  }

  /** The last of them that a Job controlled. */
  findByJob(jobUid: string): readonly PodView[] {
    const pod = this.#byJob.get(jobUid)
    return pod === undefined ? [] : [pod]
  }

  #record(pod: PodView): void {
    const { namespace = '' } = pod.metadata
    const { uid, name = '' } = findController(pod.metadata) ?? {}
    const job = this.#jobs.cache.get({ namespace, name })
    if (uid !== undefined && job?.metadata.uid === uid) this.#byJob.set(uid, pod)
  }
}
