import type { CompletedCheckpoint } from '../../contract/bus-state.ts'
import { type Hints, NOOP_HINTS } from '../../operator/ports/hints.ts'
import type { FileSource } from '../../std/files/file-source.ts'
import { createSpoolTail } from '../progress/spool-tail.ts'
import type { JobRecord } from './job-record.ts'

/** What trainers of this machine have written to their spools, as far as `refresh` has read. */
export interface SpoolHints extends Hints {
  /** Reads on. A spool that cannot be read gives no hint. */
  refresh(): Promise<void>
}

interface SpoolHintOptions {
  readonly jobs: () => readonly JobRecord[]
  readonly storage: FileSource
}

const hasInnerFraction = ({ execution }: JobRecord['request']): boolean =>
  execution.keepAt.some((at) => at > 0 && at < 1)

/** Trainings at work that write a checkpoint on the way for an evaluation. */
const isFollowed = ({ state, request }: JobRecord): boolean =>
  state === 'Running' && request.program === 'trainer' && hasInnerFraction(request)

/** The hints of one machine, where no bus carries what pods report. */
export function openSpoolHints({ jobs, storage }: SpoolHintOptions): SpoolHints {
  const tail = createSpoolTail(storage)
  const newest = new Map<string, CompletedCheckpoint>()
  const watchers = new Set<(runUid: string) => void>()
  const readJob = async ({ request, uid }: JobRecord): Promise<void> => {
    const reports = await tail.readNew({ attempt: request.attempt, podUid: uid })
    const reported = reports.findLast(({ kind }) => kind === 'Checkpoint')
    const runUid = request.owner.uid
    if (reported === undefined || reported.step <= (newest.get(runUid)?.step ?? 0)) return
    newest.set(runUid, { step: reported.step, totalSteps: reported.totalSteps })
    for (const notify of watchers) notify(runUid)
  }
  return {
    ...NOOP_HINTS,
    findCheckpoint: (runUid) => newest.get(runUid),
    watchCheckpoints(changed) {
      watchers.add(changed)
      return () => watchers.delete(changed)
    },
    async refresh() {
      for (const job of jobs().filter(isFollowed)) await readJob(job)
    },
  }
}
