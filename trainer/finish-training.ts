import type { RetainedCheckpoint, RunResult } from '../contract/run-result.ts'
import { canonicalJson } from '../pod/canonical-digest.ts'
import { listCheckpoints } from '../pod/list-checkpoints.ts'
import { runResultPath } from '../pod/storage-layout.ts'
import { type CurvePoint, readCurvePoints, writeCurve } from './io/training-curve.ts'
import { retainedSteps } from './save-checkpoint.ts'
import type { StepProgress, TrainingRun } from './training-run.ts'

/** Writes the curve and then `result.json`, whose presence means that training is complete. */
export async function finishTraining(
  training: TrainingRun,
  progress: StepProgress,
): Promise<RunResult> {
  const { dependencies, runKey, totalSteps, config } = training
  const { batchSize } = config.result.optimizer
  const points = await readCurvePoints(dependencies.storage, runKey)
  const curve = await writeCurve(dependencies.storage, runKey, points)
  const checkpoints = await mapCheckpointsByStep(training)
  const final = checkpoints.get(totalSteps)
  if (final === undefined) throw new Error('the checkpoint of the last step was written just now')
  const retainedCheckpoints = [...retainedSteps(training)].flatMap(([at, step]) => {
    const checkpoint = checkpoints.get(step)
    return checkpoint ? [{ ...checkpoint, at }] : []
  })
  const result: RunResult = {
    schemaVersion: 1,
    runKey,
    totalSteps,
    imagesSeen: totalSteps * batchSize,
    metrics: computeRunMetrics(points, { progress, totalSteps, batchSize }),
    backend: dependencies.backend,
    final,
    retained: retainedCheckpoints,
    curve,
  }
  await dependencies.storage.put(runResultPath(runKey), canonicalJson(result))
  return result
}

/** The complete checkpoints of every attempt, by step. */
async function mapCheckpointsByStep({
  dependencies: { storage },
  runKey,
}: TrainingRun): Promise<ReadonlyMap<number, RetainedCheckpoint>> {
  const complete = await listCheckpoints({ storage, runKey })
  return new Map(
    complete.map(({ folder, manifest: { step, shards } }) => [step, { step, folder, shards }]),
  )
}

interface TrainingTotals {
  readonly progress: StepProgress
  readonly totalSteps: number
  readonly batchSize: number
}

/**
 * The loss of the last step, and what the whole training took, as far as its steps were reported.
 */
function computeRunMetrics(
  points: readonly CurvePoint[],
  { progress, totalSteps, batchSize }: TrainingTotals,
): Readonly<Record<string, number>> {
  const loss = progress.loss ?? points.at(-1)?.loss
  const known = points.filter(({ imagesPerSecond }) => imagesPerSecond > 0)
  const seconds = known.reduce((sum, point) => sum + batchSize / point.imagesPerSecond, 0)
  if (loss === undefined || known.length === 0) return loss === undefined ? {} : { loss }
  const trainingSeconds = (seconds * totalSteps) / known.length
  const imagesPerSecond = (batchSize * known.length) / seconds
  return { loss, trainingSeconds, imagesPerSecond }
}
