import type { Jobs } from '../operator/ports/jobs.ts'
import type { ObservedJob } from '../operator/ports/observed-job.ts'

/** What a look at the Jobs of a run finds, as soon as it finds something; a home works in the background, and tells when there is news. */
export async function onceJobs<T>(
  jobs: Jobs,
  runUid: string,
  find: (jobs: readonly ObservedJob[]) => T | undefined,
): Promise<T> {
  let wake = (): void => {}
  const stop = jobs.watch(() => wake())
  try {
    for (;;) {
      const told = new Promise<void>((resolve) => {
        wake = resolve
      })
      const found = find(await jobs.listOwnedBy(runUid))
      if (found !== undefined) return found
      await told
    }
  } finally {
    stop()
  }
}
