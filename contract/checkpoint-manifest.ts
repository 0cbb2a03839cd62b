import * as z from 'zod'
import { ResultSettings } from '../method/result-settings.ts'

export const Shard = z.strictObject({
  file: z.string().describe('file beside the manifest; its name holds the start of the digest.'),
  sha256: z.string().length(64),
  bytes: z.int().min(1),
})
export type Shard = z.infer<typeof Shard>

/**
 * The groups of a checkpoint, one safetensors file each. Without a teacher there are no teacher
 * shards; without a queue no queue.
 */
export const ShardName = z.enum([
  'student',
  'teacher',
  'student-head',
  'teacher-head',
  'moments',
  'queue',
])
export type ShardName = z.infer<typeof ShardName>

/**
 * `manifest.json` of a checkpoint. It is written last, so a checkpoint that has one is complete.
 */
export const CheckpointManifest = z.strictObject({
  schemaVersion: z.literal(1),
  runKey: z.string(),
  step: z.int32().min(0).describe('step counts the finished steps.'),
  totalSteps: z.int32().min(0),
  imagesSeen: z.int().min(0),
  settings: ResultSettings,
  backend: z.string().describe('backend is the identity of the backend that computed.'),
  shards: z.partialRecord(ShardName, Shard),
})
export type CheckpointManifest = z.infer<typeof CheckpointManifest>
