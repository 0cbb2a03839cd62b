import { CheckpointManifest } from '../../contract/checkpoint-manifest.ts'
import { listAttempts } from '../../pod/list-attempts.ts'
import { readStoredJson } from '../../pod/read-stored.ts'
import type { Storage } from '../../pod/storage.ts'
import { checkpointsFolder, manifestPath } from '../../pod/storage-layout.ts'
import type { WeightsCheckpoint } from './read-weights.ts'

interface TrainingLocation {
  readonly storage: Storage
  readonly runKey: string
}

/**
 * The complete checkpoints of a training by any attempt, for each of these fractions of its
 * schedule that has one: of attempts that wrote the same step each wrote the same bits. Throws
 * StorageError.
 */
export async function findCompleteCheckpoints(
  location: TrainingLocation,
  fractions: readonly number[],
): Promise<ReadonlyMap<number, WeightsCheckpoint>> {
  const found = new Map<number, WeightsCheckpoint>()
  for (const folder of await listCheckpointFolders(location)) {
    const checkpoint = await readCompleteCheckpoint(location, folder)
    if (checkpoint === undefined) continue
    const { step, totalSteps } = checkpoint
    for (const at of fractions) {
      if (step === Math.round(at * totalSteps)) found.set(at, checkpoint)
    }
  }
  return found
}

async function listCheckpointFolders({ storage, runKey }: TrainingLocation): Promise<string[]> {
  const folders: string[] = []
  for (const attempt of await listAttempts(storage, runKey)) {
    const parent = checkpointsFolder(attempt)
    for (const name of await storage.list(parent)) folders.push(`${parent}/${name}`)
  }
  return folders
}

/**
 * Undefined where the manifest, which is written last, is not there, cannot be read, or is of
 * another training.
 */
async function readCompleteCheckpoint(
  { storage, runKey }: TrainingLocation,
  folder: string,
): Promise<WeightsCheckpoint | undefined> {
  const manifest = await readStoredJson(storage, manifestPath(folder), CheckpointManifest)
  if (manifest.kind !== 'Found' || manifest.value.runKey !== runKey) return undefined
  const { step, totalSteps, imagesSeen, shards } = manifest.value
  return { folder, shards, step, totalSteps, imagesSeen }
}
