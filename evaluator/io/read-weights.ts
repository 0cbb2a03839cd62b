import { type RetainedCheckpoint, RunResult } from '../../contract/run-result.ts'
import { PodFailure } from '../../pod/pod-failure.ts'
import { readStoredJson } from '../../pod/read-stored.ts'
import type { Storage } from '../../pod/storage.ts'
import { runFolder, runResultPath } from '../../pod/storage-layout.ts'
import type { BackboneSettings } from '../../vision/vit/backbone-settings.ts'
import { readModelWeights } from '../../vision/weights/read-model-weights.ts'
import type { WeightTensor } from '../../vision/weights/weight-values.ts'

/** Where in a training a backbone comes from. */
export interface TrainedWeights {
  readonly weights: ReadonlyMap<string, WeightTensor>
  readonly step: number
  readonly totalSteps: number
  readonly imagesSeen: number
}

/** A checkpoint to measure, and where in the training it is. */
export type WeightsCheckpoint = RetainedCheckpoint & {
  readonly totalSteps: number
  readonly imagesSeen: number
}

export interface TrainedWeightsLocation {
  readonly storage: Storage
  readonly runKey: string
  readonly model: BackboneSettings
  readonly source: 'Student' | 'Teacher'
}

/**
 * The backbone at a fraction of the schedule above 0: the final checkpoint of a finished training
 * at 1, a retained one below. Throws CheckpointMissing, CheckpointTampered, WeightsError.
 */
export async function readTrainedWeights(
  from: TrainedWeightsLocation,
  at: number,
): Promise<TrainedWeights> {
  const result = await readRunResult(from)
  const checkpoint = findCheckpointAtFraction(result, at)
  if (checkpoint === undefined) {
    const retainedFractions = result.retained.map(({ at }) => at).join(', ') || 'none'
    throw checkpointMissing(
      `no checkpoint was retained at ${at} of the schedule; retained: ${retainedFractions}`,
      from,
    )
  }
  const { totalSteps } = result
  const imagesSeen = computeImagesSeen(result.imagesSeen, checkpoint.step, totalSteps)
  return readCheckpointWeights(from, { ...checkpoint, totalSteps, imagesSeen })
}

/** The backbone of a checkpoint. Throws CheckpointMissing, CheckpointTampered, WeightsError. */
export async function readCheckpointWeights(
  from: TrainedWeightsLocation,
  { shards, folder, step, totalSteps, imagesSeen }: WeightsCheckpoint,
): Promise<TrainedWeights> {
  // Without a teacher the student is its own.
  const wanted = from.source === 'Teacher' ? (shards.teacher ?? shards.student) : shards.student
  if (wanted === undefined)
    throw checkpointMissing(`${folder} has no shard of the ${from.source}`, from)
  const location = { files: from.storage, path: `${folder}/${wanted.file}` }
  const { tensors, sha256 } = await readModelWeights(location, from.model)
  if (sha256 !== wanted.sha256) {
    throw new PodFailure(
      `${from.storage.describe(location.path)}: its digest is ${sha256}, but the checkpoint was written with ${wanted.sha256}: the file was changed after training; remove ${runFolder(from.runKey)} and train again`,
      { code: 'CheckpointTampered', reason: 'UserError' },
    )
  }
  return { weights: tensors, step, totalSteps, imagesSeen }
}

/** Every step sees as many images. */
const computeImagesSeen = (imagesSeen: number, step: number, totalSteps: number): number =>
  totalSteps === 0 ? 0 : Math.round((imagesSeen * step) / totalSteps)

const FRACTION_TOLERANCE = 1e-9

function findCheckpointAtFraction(result: RunResult, at: number): RetainedCheckpoint | undefined {
  if (at === 1) return result.final
  return result.retained.find(
    (retainedFractions) => Math.abs(retainedFractions.at - at) < FRACTION_TOLERANCE,
  )
}

async function readRunResult(from: TrainedWeightsLocation): Promise<RunResult> {
  const path = runResultPath(from.runKey)
  const result = await readStoredJson(from.storage, path, RunResult)
  if (result.kind === 'Found') return result.value
  if (result.kind === 'Missing') {
    throw checkpointMissing(
      `${path} is not there: training is not complete, or wrote elsewhere`,
      from,
    )
  }
  const { cause } = result
  throw new PodFailure(`${path} is no result of a training: remove it and train again`, {
    code: 'RunResultInvalid',
    reason: 'UserError',
    cause,
  })
}

const checkpointMissing = (what: string, { storage }: TrainedWeightsLocation): PodFailure =>
  new PodFailure(`${what} (execution.storage ${storage.describe('')})`, {
    code: 'CheckpointMissing',
    reason: 'Infrastructure',
  })
