import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { RUN_KIND, SWEEP_KIND } from '../../crds/names.ts'
import type { StoredRun, StoredSweep } from '../../operator/ports/objects.ts'
import { InputError } from '../input-error.ts'
import type { Study } from '../report/to-study-results.ts'
import type { JobRecord } from './job-record.ts'
import { readJournalText, replayJournal } from './journal.ts'
import { openJournalFolder } from './journal-folder.ts'
import { listStoredObjects } from './object-store.ts'
import { buildOutputPaths, JOURNAL } from './output-folder.ts'
import { listJobRecords } from './process-jobs.ts'

export interface LocalStudyState {
  readonly study: Study
  readonly jobs: readonly JobRecord[]
}

/** Reads the study of an output folder without taking its lock, also while another `neco` works on it. */
export async function readStudy(root: string): Promise<LocalStudyState> {
  const { state } = buildOutputPaths(root)
  const text = await readJournalText(openJournalFolder(state), JOURNAL)
  const records = replayJournal(text, join(state, JOURNAL))
  const study = findStudyInJournal(records)
  if (study === undefined) {
    throw new InputError([`${root}: holds no study; neco run FILE --out ${root} makes one`])
  }
  return { study, jobs: listJobRecords(records) }
}

function findStudyInJournal(records: ReadonlyMap<string, unknown>): Study | undefined {
  const runs = listStoredObjects(records, RUN_KIND) as unknown as readonly StoredRun[]
  const [sweep] = listStoredObjects(records, SWEEP_KIND) as unknown as readonly StoredSweep[]
  if (sweep !== undefined) return { kind: 'NeCoSweep', sweep, runs }
  const [run] = runs
  return run === undefined ? undefined : { kind: 'NeCoRun', run }
}

/** The folder under `out` whose study was touched last. Throws InputError when there is none. */
export async function findNewestOutput(cwd: string): Promise<string> {
  const out = join(cwd, 'out')
  const names = await readdir(out).catch(() => [])
  const dated = await Promise.all(
    names.map(async (name) => {
      const root = join(out, name)
      const found = await stat(join(buildOutputPaths(root).state, JOURNAL)).catch(() => undefined)
      return { root, mtimeMs: found?.mtimeMs ?? Number.NEGATIVE_INFINITY }
    }),
  )
  const newest = dated
    .filter(({ mtimeMs }) => Number.isFinite(mtimeMs))
    .sort((a, b) => b.mtimeMs - a.mtimeMs)[0]
  if (newest === undefined) {
    throw new InputError([`${out}: no study here; name its folder with --out DIR`])
  }
  return newest.root
}
