import { CheckpointManifest } from '../contract/checkpoint-manifest.ts'
import type { FileSource } from '../std/files/file-source.ts'
import { listAttempts } from './list-attempts.ts'
import { readStoredJson } from './read-stored.ts'
import { checkpointsFolder, manifestPath, parseCheckpointStep } from './storage-layout.ts'

/** Why a checkpoint is passed over that a kill interrupted: what one expects, not damage. */
export const NEVER_COMPLETED = 'it was never completed'

export interface CheckpointLocation {
  readonly storage: FileSource
  readonly runKey: string
}

export interface CheckpointFolder {
  readonly step: number
  /** Folder under the storage. */
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

/**
 * The manifest of a complete checkpoint of this run, or why there is none to use. Throws
 * StorageError.
 */
export async function readCheckpointManifest(
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
    const manifest = await readCheckpointManifest(location, folder)
    if (typeof manifest !== 'string') found.push({ folder, manifest })
  }
  return found
}
