import { readCurve } from '../../pod/reader/read-curve.ts'
import type { Storage } from '../../pod/storage.ts'
import type { Curves } from './study-plot.ts'
import type { StudyResults } from './study-results.ts'

/** Reads the training curves of a study from the reports on its storage. */
export async function readCurves(storage: Storage, { runs }: StudyResults): Promise<Curves> {
  const found = await Promise.all(
    runs.map(async ({ name, status }) => {
      const curve = status?.runKey === undefined ? [] : await readCurve(storage, status.runKey)
      return [name, curve] as const
    }),
  )
  return new Map(found)
}
