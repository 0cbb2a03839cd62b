import { scheduleStep } from '../../method/schedule-step.ts'
import { type CheckpointLocation, listCheckpoints } from '../../pod/list-checkpoints.ts'
import type { WeightsCheckpoint } from './read-weights.ts'

/**
 * The complete checkpoints of a training by any attempt, for each of these fractions of its
 * schedule that has one: of attempts that wrote the same step each wrote the same bits. Throws
 * StorageError.
 */
export async function findCompleteCheckpoints(
  location: CheckpointLocation,
  fractions: readonly number[],
): Promise<ReadonlyMap<number, WeightsCheckpoint>> {
  const found = new Map<number, WeightsCheckpoint>()
  for (const { folder, manifest } of await listCheckpoints(location)) {
    const { step, totalSteps, imagesSeen, shards } = manifest
    for (const at of fractions) {
      if (step !== scheduleStep(at, totalSteps)) continue
      found.set(at, { folder, shards, step, totalSteps, imagesSeen })
    }
  }
  return found
}
