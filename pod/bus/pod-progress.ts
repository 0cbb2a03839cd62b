import type { CheckpointNotice, Heartbeat } from '../../crds/bus-messages.ts'
import type { PodIdentity } from '../../crds/run-config.ts'
import type { RunReport } from '../../crds/run-report.ts'
import type { ReportBody } from '../spool.ts'

/** How far a pod has got. */
export type PodProgress = Pick<
  Heartbeat,
  'runKey' | 'step' | 'totalSteps' | 'imagesSeen' | 'imagesPerSecond' | 'loss' | 'checkpoint'
>

export const NO_PROGRESS: PodProgress = { step: 0, totalSteps: 0, imagesSeen: 0 }

/** The progress after something was said. */
export function progressAfter(
  before: PodProgress,
  { step, totalSteps, imagesSeen, metrics }: ReportBody | RunReport,
): PodProgress {
  const { loss = before.loss, imagesPerSecond = before.imagesPerSecond } = metrics
  return {
    ...before,
    step,
    totalSteps,
    imagesSeen,
    ...(loss === undefined ? {} : { loss }),
    ...(imagesPerSecond === undefined ? {} : { imagesPerSecond }),
  }
}

export interface Beat {
  readonly identity: Pick<PodIdentity, 'run' | 'attempt' | 'podUid'>
  readonly progress: PodProgress
  readonly checkpoint: CheckpointNotice | undefined
  readonly unshipped: number
  readonly hasEnded: boolean
  readonly now: Date
}

/** What stands in the bucket for an attempt. */
export function heartbeatOf(beat: Beat): Heartbeat {
  const { run, attempt, podUid } = beat.identity
  return {
    schemaVersion: 1,
    run,
    attempt,
    podUid,
    wallTime: beat.now.toISOString(),
    ...beat.progress,
    ...(beat.checkpoint === undefined ? {} : { checkpoint: beat.checkpoint }),
    unshipped: beat.unshipped,
    hasEnded: beat.hasEnded,
  }
}
