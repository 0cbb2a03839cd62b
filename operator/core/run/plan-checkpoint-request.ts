import type { BusState } from '../../../contract/bus-state.ts'
import { describeTask, type TaskAddress } from '../../../contract/task-address.ts'
import type { TaskStatus } from '../../../crds/necorun.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import type { PlannedEvent } from '../reconcile-plan.ts'

/** Asks the pod of an attempt for a checkpoint. A hint: it may be lost. */
export interface RequestCheckpointAction {
  readonly kind: 'RequestCheckpoint'
  readonly task: TaskAddress
  readonly attempt: number
}

export interface CheckpointPlan {
  readonly task: TaskStatus
  readonly action: RequestCheckpointAction
  readonly event: PlannedEvent
}

interface CheckpointPlanInput {
  readonly task: TaskStatus
  /** The Job of its newest attempt, where it was seen. */
  readonly job: ObservedJob | undefined
  readonly busState: BusState
}

/**
 * A training whose pod will soon have to go is asked for a checkpoint, once an attempt; undefined
 * where there is nothing to ask.
 */
export function planCheckpointRequest({
  task,
  job,
  busState,
}: CheckpointPlanInput): CheckpointPlan | undefined {
  const isTraining =
    task.kind === 'Training' && task.state === 'Running' && job?.state === 'Running'
  if (!isTraining || job.evictionWarning === undefined || job.isEnding) return undefined
  if (busState !== 'Connected' || task.warnedAttempt === task.attempt) return undefined
  const { kind, name, attempt } = task
  return {
    task: { ...task, warnedAttempt: attempt },
    action: { kind: 'RequestCheckpoint', task: { kind, name }, attempt },
    event: {
      type: 'Normal',
      reason: 'CheckpointRequested',
      message: `${describeTask(task)}, attempt ${attempt}: ${job.evictionWarning}; its pod is asked for a checkpoint`,
    },
  }
}
