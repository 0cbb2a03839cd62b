import * as z from 'zod'
import { TaskAddress } from './task-address.ts'

/** A durable checkpoint, as a pod tells it. */
export const CheckpointNotice = z.strictObject({
  step: z.int32().min(0),
  folder: z.string().describe('folder under the storage that holds manifest.json and the shards.'),
  digest: z.string().describe('digest of the student in it: SHA-256, 64 hex digits.'),
  wallTime: z.iso.datetime(),
})
export type CheckpointNotice = z.infer<typeof CheckpointNotice>

/** The heartbeat of an attempt: the newest one stands in the bucket. */
export const Heartbeat = z.strictObject({
  schemaVersion: z.literal(1),
  run: z.string(),
  attempt: z.int32().min(1),
  podUid: z.string(),
  runKey: z.string().optional(),
  /** When it was reported. */
  wallTime: z.iso.datetime(),
  step: z.int32().min(0),
  totalSteps: z.int32().min(0),
  imagesSeen: z.int().min(0),
  imagesPerSecond: z.number().optional(),
  loss: z.number().optional(),
  checkpoint: CheckpointNotice.optional(),
  /** Reports that are in the spool and not in the stream. */
  unshipped: z.int().min(0),
  /** Whether the pod says no more. */
  hasEnded: z.boolean(),
})
export type Heartbeat = z.infer<typeof Heartbeat>

/**
 * Whether all that an attempt wrote has arrived; where it has not, a reader fetches the rest from
 * the storage.
 */
export const isAllShipped = (heartbeat: Heartbeat | undefined): boolean =>
  heartbeat?.hasEnded === true && heartbeat.unshipped === 0

/** What the operator asks of a pod. */
export const CommandName = z.enum(['checkpoint'])
export type CommandName = z.infer<typeof CommandName>

export const CommandRequest = z.strictObject({ schemaVersion: z.literal(1), command: CommandName })
export type CommandRequest = z.infer<typeof CommandRequest>

/** What a pod answers: the checkpoint that is durable now, or why there is none. */
export const CommandReply = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('Done'), checkpoint: CheckpointNotice.optional() }),
  z.strictObject({ state: z.literal('Refused'), code: z.string(), message: z.string() }),
])
export type CommandReply = z.infer<typeof CommandReply>

/** `spool.acked` beside a spool: where its reports go, and how far they have got there. */
export const SpoolMark = z.strictObject({
  schemaVersion: z.literal(1),
  namespace: z.string(),
  runUid: z.string(),
  task: TaskAddress,
  attempt: z.int32().min(1),
  podUid: z.string(),
  /** The last sequence number that the stream has acknowledged; 0 for none. */
  acked: z.int().min(0),
})
export type SpoolMark = z.infer<typeof SpoolMark>

/** The request of a reader: which unshipped spools of which run to ship. */
export const ReaderConfig = z.strictObject({
  schemaVersion: z.literal(1),
  storage: z.string(),
  runKeys: z
    .array(z.string())
    .describe('runKeys name the folders to look in; every run of the storage where it is empty.'),
  bus: z.strictObject({
    servers: z.array(z.string()).min(1),
    credentialsFile: z.string(),
    caFile: z.string().optional(),
    namespace: z.string(),
    runUid: z.string(),
  }),
})
export type ReaderConfig = z.infer<typeof ReaderConfig>
