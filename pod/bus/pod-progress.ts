import type { CheckpointNotice, Heartbeat } from '../../contract/bus-messages.ts'
import type { PodIdentity } from '../../contract/run-config.ts'
import type { RunReport } from '../../contract/run-report.ts'
import { omitUndefined } from '../../std/omit-undefined.ts'
import type { ReportBody } from '../spool.ts'

/** How far a pod has got. */
export type PodProgress = Pick<
  Heartbeat,
  'runKey' | 'step' | 'totalSteps' | 'imagesSeen' | 'imagesPerSecond' | 'loss' | 'checkpoint'
>

export const NO_PROGRESS: PodProgress = { step: 0, totalSteps: 0, imagesSeen: 0 }

/** The progress after a report. */
export function advanceProgress(
  before: PodProgress,
  { step, totalSteps, imagesSeen, metrics }: ReportBody | RunReport,
): PodProgress {
  const { loss = before.loss, imagesPerSecond = before.imagesPerSecond } = metrics
  return {
    ...before,
    step,
    totalSteps,
    imagesSeen,
    ...omitUndefined({ loss, imagesPerSecond }),
  }
}

export interface HeartbeatInput {
  readonly identity: Pick<PodIdentity, 'run' | 'attempt' | 'podUid'>
  readonly progress: PodProgress
  readonly checkpoint: CheckpointNotice | undefined
  readonly unshipped: number
  readonly hasEnded: boolean
  readonly now: Date
}

/** What stands in the bucket for an attempt. */
export function buildHeartbeat(input: HeartbeatInput): Heartbeat {
  const { run, attempt, podUid } = input.identity
  return {
    schemaVersion: 1,
    run,
    attempt,
    podUid,
    wallTime: input.now.toISOString(),
    ...input.progress,
    ...omitUndefined({ checkpoint: input.checkpoint }),
    unshipped: input.unshipped,
    hasEnded: input.hasEnded,
  }
}
