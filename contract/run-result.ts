import * as z from 'zod'
import { Shard, ShardName } from './checkpoint-manifest.ts'

/** A checkpoint that stays, and where on the storage it lies. */
export const RetainedCheckpoint = z.strictObject({
  step: z.int32().min(0),
  folder: z.string().describe('folder under the storage that holds manifest.json and the shards.'),
  shards: z.partialRecord(ShardName, Shard),
})
export type RetainedCheckpoint = z.infer<typeof RetainedCheckpoint>

/**
 * What a trainer writes once as `runs/<runKey>/result.json`: its presence means that training is
 * complete.
 */
export const RunResult = z.strictObject({
  schemaVersion: z.literal(1),
  runKey: z.string(),
  totalSteps: z.int32().min(0),
  imagesSeen: z.int().min(0),
  metrics: z.record(z.string(), z.number()),
  backend: z.string().describe('backend is the identity of the backend that computed.'),
  final: RetainedCheckpoint,
  retained: z
    .array(RetainedCheckpoint.extend({ at: z.number() }))
    .describe('kept holds the checkpoint of each fraction in execution.keepAt above 0.'),
  curve: z
    .string()
    .describe('curve is the path under the storage of one JSON line a step: step, loss, rate.'),
})
export type RunResult = z.infer<typeof RunResult>
