import type { CheckpointManifest, Shard, ShardName } from '../../contract/checkpoint-manifest.ts'
import { canonicalJson, sha256 } from '../../pod/canonical-digest.ts'
import type { Storage } from '../../pod/storage.ts'
import { checkpointFolder, manifestPath } from '../../pod/storage-layout.ts'
import { encodeSafetensors } from '../../vision/weights/encode-safetensors.ts'
import type { WeightTensor } from '../../vision/weights/weight-values.ts'

/** The tensors of one shard, and a few words that go into its header. */
export interface ShardContent {
  readonly tensors: ReadonlyMap<string, WeightTensor>
  readonly metadata?: Readonly<Record<string, string>>
}

export interface CheckpointContent {
  /** Folder of the attempt under the storage. */
  readonly attempt: string
  readonly facts: Omit<CheckpointManifest, 'schemaVersion' | 'shards'>
  readonly shards: ReadonlyMap<ShardName, ShardContent>
}

const NAME_DIGITS = 12

async function writeShard(
  storage: Storage,
  folder: string,
  [name, { tensors, metadata }]: readonly [ShardName, ShardContent],
): Promise<[ShardName, Shard]> {
  const bytes = Buffer.concat([...encodeSafetensors(tensors, metadata)])
  const digest = sha256(bytes)
  const file = `${name}.${digest.slice(0, NAME_DIGITS)}.safetensors`
  await storage.put(`${folder}/${file}`, bytes)
  return [name, { file, sha256: digest, bytes: bytes.byteLength }]
}

export interface CheckpointWriteResult {
  readonly step: number
  readonly folder: string
  readonly shards: CheckpointManifest['shards']
}

/**
 * Writes the shards, then the manifest: a checkpoint that has one is complete, and the one before
 * stays whole until then. Throws StorageError.
 */
export async function writeCheckpoint(
  storage: Storage,
  { attempt, facts, shards }: CheckpointContent,
): Promise<CheckpointWriteResult> {
  const folder = checkpointFolder(attempt, facts.step)
  const written: [ShardName, Shard][] = []
  for (const shard of shards) written.push(await writeShard(storage, folder, shard))
  const manifest: CheckpointManifest = {
    schemaVersion: 1,
    ...facts,
    shards: Object.fromEntries(written),
  }
  await storage.put(manifestPath(folder), canonicalJson(manifest))
  return { step: facts.step, folder, shards: manifest.shards }
}
