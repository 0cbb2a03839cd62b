import { gunzipSync, gzipSync } from 'node:zlib'
import * as z from 'zod'
import type { RunReport } from '../../contract/run-report.ts'
import { listAttempts } from '../list-attempts.ts'
import { readSpool } from '../spool.ts'
import type { Storage } from '../storage.ts'

export interface LossAtStep {
  readonly step: number
  readonly loss: number
}

/**
 * A curve in a log has at most this many steps, evenly spread: a kubelet keeps 10 MiB of a log, and
 * no plot shows more.
 */
const MAX_CURVE_POINTS = 2000

/** The loss of each step that any attempt reported; attempts agree where they overlap. */
export function buildLossCurve(reports: readonly RunReport[]): readonly LossAtStep[] {
  const losses = new Map<number, number>()
  for (const { kind, step, metrics } of reports) {
    if (kind === 'Step' && metrics['loss'] !== undefined) losses.set(step, metrics['loss'])
  }
  return [...losses].sort(([a], [b]) => a - b).map(([step, loss]) => ({ step, loss }))
}

/** The curve of everything that lies under a run key. Throws StorageError. */
export async function readCurve(storage: Storage, runKey: string): Promise<readonly LossAtStep[]> {
  const attempts = await listAttempts(storage, runKey)
  const reports: RunReport[][] = []
  for (const attempt of attempts) reports.push(await readSpool(storage, attempt))
  return buildLossCurve(reports.flat())
}

/** Every so many-th step and the last one. */
export function downsampleCurve(curve: readonly LossAtStep[]): readonly LossAtStep[] {
  const stride = Math.ceil(curve.length / MAX_CURVE_POINTS)
  return curve.filter((_, at) => at % stride === 0 || at === curve.length - 1)
}

/** The file as which the curve of a run key travels in a log. */
export const buildCurveFileName = (runKey: string): string => `curves/${runKey}.json.gz`

const PackedCurve = z.array(z.tuple([z.int(), z.number()]))

export const packCurve = (curve: readonly LossAtStep[]): Uint8Array =>
  gzipSync(JSON.stringify(downsampleCurve(curve).map(({ step, loss }) => [step, loss])))

/** Throws ZodError or a zlib error for bytes that are no curve. */
export const unpackCurve = (bytes: Uint8Array): readonly LossAtStep[] =>
  PackedCurve.parse(JSON.parse(gunzipSync(bytes).toString('utf8'))).map(([step, loss]) => ({
    step,
    loss,
  }))
