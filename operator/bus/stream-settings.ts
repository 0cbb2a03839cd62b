import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream'
import { PROGRESS_BUCKET, REPORT_STREAM, REPORT_SUBJECTS } from '../../contract/bus-names.ts'

export type DesiredStream = Partial<StreamConfig> & { readonly name: string }

export interface StreamLimits {
  readonly replicas: number
  /** Retention of reports (ms). */
  readonly reportRetentionMs: number
  /** Retention of the last heartbeat of an attempt (ms). */
  readonly heartbeatRetentionMs: number
}

const NANOS_PER_MS = 1_000_000
/** Within this time the server itself knows a report that comes again. */
const DUPLICATE_WINDOW_MS = 600_000
const MAX_REPORT_BYTES = 65_536

/** The stream of reports, and the one under the bucket of heartbeats. */
export function buildDesiredStreams(limits: StreamLimits): readonly DesiredStream[] {
  const shared = {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: limits.replicas,
    max_msg_size: MAX_REPORT_BYTES,
    allow_direct: true,
  }
  return [
    {
      ...shared,
      name: REPORT_STREAM,
      description: 'What the pods of neco-operator report.',
      subjects: [REPORT_SUBJECTS],
      discard: DiscardPolicy.Old,
      max_age: limits.reportRetentionMs * NANOS_PER_MS,
      duplicate_window: DUPLICATE_WINDOW_MS * NANOS_PER_MS,
    },
    {
      ...shared,
      name: `KV_${PROGRESS_BUCKET}`,
      description: 'The last heartbeat of each attempt of neco-operator.',
      subjects: [`$KV.${PROGRESS_BUCKET}.>`],
      discard: DiscardPolicy.New,
      max_age: limits.heartbeatRetentionMs * NANOS_PER_MS,
      max_msgs_per_subject: 1,
      allow_rollup_hdrs: true,
    },
  ]
}

/** The settings that a server reads back otherwise than they were asked for, in words. */
export function findIgnoredSettings(
  desired: DesiredStream,
  actual: Readonly<Partial<StreamConfig>>,
): readonly string[] {
  return Object.entries(desired).flatMap(([name, value]) => {
    const found = (actual as Readonly<Record<string, unknown>>)[name]
    if (JSON.stringify(found) === JSON.stringify(value)) return []
    return [`${name} is ${JSON.stringify(found) ?? 'missing'} instead of ${JSON.stringify(value)}`]
  })
}
