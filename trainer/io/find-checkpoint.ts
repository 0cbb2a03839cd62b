import type { CheckpointManifest, ShardName } from '../../contract/checkpoint-manifest.ts'
import {
  type CheckpointFolder,
  type CheckpointLocation,
  listCheckpointFolders,
  readCheckpointManifest,
} from '../../pod/list-checkpoints.ts'
import { readSafetensors, type SafetensorsFile } from '../../vision/weights/read-safetensors.ts'
import { WeightsError } from '../../vision/weights/weights-error.ts'

export interface LoadedCheckpoint {
  /** Folder under the storage. */
  readonly folder: string
  readonly manifest: CheckpointManifest
  readonly shards: ReadonlyMap<ShardName, SafetensorsFile>
}

export interface CheckpointSearchResult {
  readonly found: LoadedCheckpoint | undefined
  /** Checkpoints that were passed over, newest first, with the reason. */
  readonly skipped: readonly { readonly folder: string; readonly why: string }[]
}

/** Every shard of a manifest, read and verified; or why one cannot be used. */
async function readShards(
  { storage }: CheckpointLocation,
  folder: string,
  manifest: CheckpointManifest,
): Promise<ReadonlyMap<ShardName, SafetensorsFile> | string> {
  const shards = new Map<ShardName, SafetensorsFile>()
  for (const [name, { file, sha256 }] of Object.entries(manifest.shards)) {
    try {
      const shard = await readSafetensors({ files: storage, path: `${folder}/${file}` })
      if (shard.sha256 !== sha256) return `${file} was changed after it was written`
      shards.set(name as ShardName, shard)
    } catch (error) {
      if (error instanceof WeightsError) return error.message
      throw error
    }
  }
  return shards
}

async function loadCandidate(
  location: CheckpointLocation,
  { folder }: CheckpointFolder,
): Promise<LoadedCheckpoint | string> {
  const manifest = await readCheckpointManifest(location, folder)
  if (typeof manifest === 'string') return manifest
  const shards = await readShards(location, folder, manifest)
  return typeof shards === 'string' ? shards : { folder, manifest, shards }
}

/**
 * The newest complete checkpoint of a run whose shards verify, of whichever attempt wrote it.
 * Throws StorageError.
 */
export async function findCheckpoint(
  location: CheckpointLocation,
): Promise<CheckpointSearchResult> {
  const skipped: { folder: string; why: string }[] = []
  for (const candidate of await listCheckpointFolders(location)) {
    const found = await loadCandidate(location, candidate)
    if (typeof found !== 'string') return { found, skipped }
    skipped.push({ folder: candidate.folder, why: found })
  }
  return { found: undefined, skipped }
}
