import type { RunReport } from '../../contract/run-report.ts'
import type { FileSource } from '../../std/files/file-source.ts'
import { computeStudyProgress } from '../progress/compute-study-progress.ts'
import { createSpoolTail } from '../progress/spool-tail.ts'
import type { StudyProgress } from '../progress/study-progress.ts'
import type { Study } from '../study.ts'
import type { JobRecord } from './job-record.ts'

interface ProgressSources {
  /** The current Jobs. */
  readonly jobs: () => readonly JobRecord[]
  readonly storage: FileSource
  readonly now: () => number
}

/** What the live pods of each run have measured. */
function collectByRun(
  live: readonly JobRecord[],
  measured: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>()
  for (const { request, uid } of live) {
    const { name } = request.owner
    found.set(name, new Set([...(found.get(name) ?? []), ...(measured.get(uid) ?? [])]))
  }
  return found
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
  const measured = new Map<string, Set<string>>()
  const readJobReports = async ({ request, uid }: JobRecord): Promise<void> => {
    const reports = await tail.readNew({ attempt: request.attempt, podUid: uid })
    const last = reports.findLast(({ kind }) => kind === 'Step' || kind === 'Checkpoint')
    if (last !== undefined) newest.set(request.owner.name, last)
    const labels = reports.flatMap(({ kind, message = '' }) =>
      kind === 'Evaluation' ? [message] : [],
    )
    measured.set(uid, new Set([...(measured.get(uid) ?? []), ...labels]))
  }
  return async (study) => {
    const live = jobs().filter(({ state }) => state === 'Running')
    for (const job of live) await readJobReports(job)
    return computeStudyProgress(study, {
      newest,
      evaluated: collectByRun(live, measured),
      elapsedMs: now() - startedMs,
    })
  }
}
