import { CheckpointManifest, type ShardName } from '../../contract/checkpoint-manifest.ts'
import { listAttempts } from '../../pod/list-attempts.ts'
import { readStoredJson } from '../../pod/read-stored.ts'
import type { Storage } from '../../pod/storage.ts'
import { checkpointsFolder, manifestPath, parseCheckpointStep } from '../../pod/storage-layout.ts'
import { readSafetensors, type SafetensorsFile } from '../../vision/weights/read-safetensors.ts'
import { WeightsError } from '../../vision/weights/weights-error.ts'

export interface LoadedCheckpoint {
  /** Folder under the storage. */
  readonly folder: string
  readonly manifest: CheckpointManifest
  readonly shards: ReadonlyMap<ShardName, SafetensorsFile>
}

/** Why a checkpoint is passed over that a kill interrupted: what one expects, not damage. */
export const NEVER_COMPLETED = 'it was never completed'

export interface CheckpointSearchResult {
  readonly found: LoadedCheckpoint | undefined
  /** Checkpoints that were passed over, newest first, with the reason. */
  readonly skipped: readonly { readonly folder: string; readonly why: string }[]
}

export interface CheckpointLocation {
  readonly storage: Storage
  readonly runKey: string
}

export interface CheckpointFolder {
  readonly step: number
  readonly folder: string
}

/**
 * The folder of every checkpoint of any attempt at a run, complete or not, newest step first, in
 * the order of names among equals. Throws StorageError.
 */
export async function listCheckpointFolders({
  storage,
  runKey,
}: CheckpointLocation): Promise<CheckpointFolder[]> {
  const found: CheckpointFolder[] = []
  for (const attempt of await listAttempts(storage, runKey)) {
    for (const name of await storage.list(checkpointsFolder(attempt))) {
      const step = parseCheckpointStep(name)
      if (step !== undefined) found.push({ step, folder: `${checkpointsFolder(attempt)}/${name}` })
    }
  }
  return found.sort((a, b) => b.step - a.step)
}

/** The manifest, or why there is none to use. */
async function readManifest(
  { storage, runKey }: CheckpointLocation,
  folder: string,
): Promise<CheckpointManifest | string> {
  const manifest = await readStoredJson(storage, manifestPath(folder), CheckpointManifest)
  if (manifest.kind === 'Missing') return NEVER_COMPLETED
  if (manifest.kind === 'Damaged') return 'manifest.json is of another version or damaged'
  return manifest.value.runKey === runKey ? manifest.value : 'it belongs to another run'
}

export interface CompleteCheckpoint {
  readonly folder: string
  readonly manifest: CheckpointManifest
}

/**
 * The complete checkpoints of a run by any attempt, newest first; their shards are not looked at.
 * Throws StorageError.
 */
export async function listCheckpoints(
  location: CheckpointLocation,
): Promise<readonly CompleteCheckpoint[]> {
  const found: CompleteCheckpoint[] = []
  for (const { folder } of await listCheckpointFolders(location)) {
    const manifest = await readManifest(location, folder)
    if (typeof manifest !== 'string') found.push({ folder, manifest })
  }
  return found
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
  const manifest = await readManifest(location, folder)
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
