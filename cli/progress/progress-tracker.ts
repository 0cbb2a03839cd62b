import type { RunReport } from '../../contract/run-report.ts'
import type { FileSource } from '../../std/files/file-source.ts'
import type { JobRecord } from '../local/job-record.ts'
import type { Study } from '../report/to-study-results.ts'
import { computeStudyProgress } from './compute-study-progress.ts'
import { createSpoolTail } from './spool-tail.ts'
import type { StudyProgress } from './study-progress.ts'

interface ProgressSources {
  /** The Jobs as they stand now. */
  readonly jobs: () => readonly JobRecord[]
  readonly storage: FileSource
  readonly now: () => number
}

/** Measures the progress of a study from its objects and from the reports of its live pods. */
export function createProgressTracker({
  jobs,
  storage,
  now,
}: ProgressSources): (study: Study) => Promise<StudyProgress> {
  const startedMs = now()
  const tail = createSpoolTail(storage)
  const newest = new Map<string, RunReport>()
  const evaluated = new Map<string, number>()
  const readJobReports = async ({ request, uid }: JobRecord): Promise<void> => {
    const reports = await tail.readNew({ attempt: request.attempt, podUid: uid })
    const last = reports.findLast(({ kind }) => kind === 'Step' || kind === 'Checkpoint')
    if (last !== undefined) newest.set(request.owner.name, last)
    const more = reports.filter(({ kind }) => kind === 'Evaluation').length
    evaluated.set(uid, (evaluated.get(uid) ?? 0) + more)
  }
  return async (study) => {
    const live = jobs().filter(({ state }) => state === 'Running')
    for (const job of live) await readJobReports(job)
    const liveEvaluations = live.reduce((sum, { uid }) => sum + (evaluated.get(uid) ?? 0), 0)
    return computeStudyProgress(study, {
      newest,
      evaluated: liveEvaluations,
      elapsedMs: now() - startedMs,
    })
  }
}
