import type { KeptCheckpoint, RunResult } from '../crds/run-result.ts'
import { canonicalJson } from '../pod/canonical-digest.ts'
import { runResultPath } from '../pod/storage-layout.ts'
import { listCheckpoints } from './io/find-checkpoint.ts'
import { type CurvePoint, collectCurve, writeCurve } from './io/training-curve.ts'
import { keptSteps, type Progress, type Training } from './run-steps.ts'

/** Writes the curve and then `result.json`, whose presence means that training is complete. */
export async function finishTraining(training: Training, progress: Progress): Promise<RunResult> {
  const { world, runKey, totalSteps, config } = training
  const { batchSize } = config.result.optimisation
  const points = await collectCurve(world.storage, runKey)
  const curve = await writeCurve(world.storage, runKey, points)
  const checkpoints = await checkpointsByStep(training)
  const final = checkpoints.get(totalSteps)
  if (final === undefined) throw new Error('the checkpoint of the last step was written just now')
  const kept = [...keptSteps(training)].flatMap(([at, step]) => {
    const checkpoint = checkpoints.get(step)
    return checkpoint ? [{ ...checkpoint, at }] : []
  })
  const result: RunResult = {
    schemaVersion: 1,
    runKey,
    totalSteps,
    imagesSeen: totalSteps * batchSize,
    metrics: metricsOf(points, { progress, totalSteps, batchSize }),
    backend: world.backend,
    final,
    kept,
    curve,
  }
  await world.storage.writeAtomic(runResultPath(runKey), canonicalJson(result))
  return result
}

/** The complete checkpoints of every attempt, by step. */
async function checkpointsByStep({
  world: { storage },
  runKey,
}: Training): Promise<ReadonlyMap<number, KeptCheckpoint>> {
  const complete = await listCheckpoints({ storage, runKey })
  return new Map(
    complete.map(({ folder, manifest: { step, shards } }) => [step, { step, folder, shards }]),
  )
}

interface Totals {
  readonly progress: Progress
  readonly totalSteps: number
  readonly batchSize: number
}

/** The loss of the last step, and what the whole training took, as far as its steps were reported. */
function metricsOf(
  points: readonly CurvePoint[],
  { progress, totalSteps, batchSize }: Totals,
): Readonly<Record<string, number>> {
  const loss = progress.loss ?? points.at(-1)?.loss
  const known = points.filter(({ imagesPerSecond }) => imagesPerSecond > 0)
  const seconds = known.reduce((sum, point) => sum + batchSize / point.imagesPerSecond, 0)
  if (loss === undefined || known.length === 0) return loss === undefined ? {} : { loss }
  const trainingSeconds = (seconds * totalSteps) / known.length
  const imagesPerSecond = (batchSize * known.length) / seconds
  return { loss, trainingSeconds, imagesPerSecond }
}
