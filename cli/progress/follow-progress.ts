import type { RunReport } from '../../crds/run-report.ts'
import type { JobRecord } from '../local/job-record.ts'
import type { Study } from '../report/study-outcome.ts'
import { measureProgress } from './measure-progress.ts'
import type { Progress } from './progress.ts'
import { makeSpoolTail } from './spool-tail.ts'

interface Sources {
  /** The Jobs as they stand now. */
  readonly jobs: () => readonly JobRecord[]
  readonly storage: string
  readonly now: () => number
}

/** Measures the progress of a study from its objects and from the reports of its live trainers. */
export function followProgress({
  jobs,
  storage,
  now,
}: Sources): (study: Study) => Promise<Progress> {
  const startedMs = now()
  const tail = makeSpoolTail(storage)
  const newest = new Map<string, RunReport>()
  return async (study) => {
    const training = jobs().filter(
      ({ state, request }) => state === 'Running' && request.program === 'trainer',
    )
    for (const { request, uid } of training) {
      const reports = await tail.readNew({ attempt: request.attempt, podUid: uid })
      const last = reports.findLast(({ kind }) => kind === 'Step' || kind === 'Checkpoint')
      if (last !== undefined) newest.set(request.owner.name, last)
    }
    return measureProgress(study, newest, now() - startedMs)
  }
}
