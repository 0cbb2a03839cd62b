import type { RunReport } from '../../contract/run-report.ts'
import { listAttempts } from '../../pod/list-attempts.ts'
import { readSpool } from '../../pod/spool.ts'
import type { Storage } from '../../pod/storage.ts'
import { curvePath } from '../../pod/storage-layout.ts'

/** What was reported of one step. */
export interface CurvePoint {
  readonly step: number
  readonly loss: number
  readonly backboneLearningRate: number
  readonly imagesPerSecond: number
}

/**
 * The reported steps of every attempt at a run, in order; of a step that was done twice, the later
 * report.
 */
export async function readCurvePoints(storage: Storage, runKey: string): Promise<CurvePoint[]> {
  const points = new Map<number, CurvePoint & { readonly wallTime: string }>()
  for (const attempt of await listAttempts(storage, runKey)) {
    for (const report of await readSpool(storage, attempt)) {
      const before = points.get(report.step)
      if (report.kind !== 'Step' || (before && before.wallTime > report.wallTime)) continue
      points.set(report.step, toCurvePoint(report))
    }
  }
  return [...points.values()]
    .sort((a, b) => a.step - b.step)
    .map(({ wallTime: _, ...point }) => point)
}

/** One JSON line a step. */
export async function writeCurve(
  storage: Storage,
  runKey: string,
  points: readonly CurvePoint[],
): Promise<string> {
  const path = curvePath(runKey)
  await storage.put(path, points.map((point) => `${JSON.stringify(point)}\n`).join(''))
  return path
}

const toCurvePoint = ({ step, metrics, wallTime }: RunReport) => ({
  step,
  loss: metrics['loss'] ?? Number.NaN,
  backboneLearningRate: metrics['backboneLearningRate'] ?? Number.NaN,
  imagesPerSecond: metrics['imagesPerSecond'] ?? Number.NaN,
  wallTime,
})
