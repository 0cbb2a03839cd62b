import type { RunReport } from '../../crds/run-report.ts'
import { parseSpool } from '../../pod/spool.ts'
import { type Storage, StorageError } from '../../pod/storage.ts'
import { attemptsFolder, spoolPath } from '../../pod/storage-layout.ts'
import type { StudyOutcome } from './outcome.ts'
import type { Curves, LossAtStep } from './study-plot.ts'

async function reportsAt(storage: Storage, path: string): Promise<readonly RunReport[]> {
  try {
    return parseSpool(Buffer.from(await storage.read(path)).toString('utf8'))
  } catch (error) {
    if (error instanceof StorageError && error.code === 'NotFound') return []
    throw error
  }
}

/** The loss of each step that any attempt under a run key reported; attempts agree where they overlap. */
async function curveOf(storage: Storage, runKey: string): Promise<readonly LossAtStep[]> {
  const folder = attemptsFolder(runKey)
  const attempts = await storage.list(folder)
  const reports = await Promise.all(
    attempts.map((attempt) => reportsAt(storage, spoolPath(`${folder}/${attempt}`))),
  )
  const losses = new Map<number, number>()
  for (const { kind, step, metrics } of reports.flat()) {
    if (kind === 'Step' && metrics['loss'] !== undefined) losses.set(step, metrics['loss'])
  }
  return [...losses].sort(([a], [b]) => a - b).map(([step, loss]) => ({ step, loss }))
}

/** Reads the training curves of a study from the reports on its storage. */
export async function readCurves(storage: Storage, { runs }: StudyOutcome): Promise<Curves> {
  const found = await Promise.all(
    runs.map(async ({ name, status }) => {
      const curve = status?.runKey === undefined ? [] : await curveOf(storage, status.runKey)
      return [name, curve] as const
    }),
  )
  return new Map(found)
}
