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

/** Measures the progress of a study from its objects and from the reports of its live pods. */
export function followProgress({
  jobs,
  storage,
  now,
}: Sources): (study: Study) => Promise<Progress> {
  const startedMs = now()
  const tail = makeSpoolTail(storage)
  const newest = new Map<string, RunReport>()
  const evaluated = new Map<string, number>()
  const takeIn = async ({ request, uid }: JobRecord): Promise<void> => {
    const reports = await tail.readNew({ attempt: request.attempt, podUid: uid })
    const last = reports.findLast(({ kind }) => kind === 'Step' || kind === 'Checkpoint')
    if (last !== undefined) newest.set(request.owner.name, last)
    const more = reports.filter(({ kind }) => kind === 'Evaluation').length
    evaluated.set(uid, (evaluated.get(uid) ?? 0) + more)
  }
  return async (study) => {
    const live = jobs().filter(({ state }) => state === 'Running')
    for (const job of live) await takeIn(job)
    const underWay = live.reduce((sum, { uid }) => sum + (evaluated.get(uid) ?? 0), 0)
    return measureProgress(study, { newest, evaluated: underWay, elapsedMs: now() - startedMs })
  }
}
