import type { BusState } from '../../../contract/progress.ts'
import type { WorkStatus } from '../../../crds/necorun.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import type { PlannedEvent } from '../plan.ts'

/** Asks the pod of an attempt for a checkpoint. A hint: it may be lost. */
export interface RequestCheckpoint {
  readonly kind: 'RequestCheckpoint'
  readonly work: string
  readonly attempt: number
}

export interface Warned {
  readonly work: WorkStatus
  readonly action: RequestCheckpoint
  readonly event: PlannedEvent
}

interface Sighting {
  readonly work: WorkStatus
  /** The Job of its newest attempt, where it was seen. */
  readonly job: ObservedJob | undefined
  readonly busState: BusState
}

/** A training whose pod will soon have to go is asked for a checkpoint, once an attempt; undefined where there is nothing to ask. */
export function requestCheckpoint({ work, job, busState }: Sighting): Warned | undefined {
  const isAtWork = work.name === 'train' && work.state === 'Running' && job?.state === 'Running'
  if (!isAtWork || job.warning === undefined || job.isEnding) return undefined
  if (busState !== 'Connected' || work.warnedAttempt === work.attempt) return undefined
  const { name, attempt } = work
  return {
    work: { ...work, warnedAttempt: attempt },
    action: { kind: 'RequestCheckpoint', work: name, attempt },
    event: {
      type: 'Normal',
      reason: 'CheckpointRequested',
      message: `${name}, attempt ${attempt}: ${job.warning}; its pod is asked for a checkpoint`,
    },
  }
}
