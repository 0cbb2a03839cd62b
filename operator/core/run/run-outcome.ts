import { describeTask } from '../../../contract/task-address.ts'
import type { TaskStatus } from '../../../crds/necorun.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import type { ObjectState } from '../conditions.ts'
import { findCurrentTask } from './task-graph.ts'

export interface ObjectOutcome {
  readonly state: ObjectState
  /**
   * One word where the state alone says too little: the cause of a failure, what a pod waits for.
   */
  readonly reason?: string
  readonly message: string
  readonly acceptedReason?: string
}

interface RunOutcomeInput {
  readonly tasks: readonly TaskStatus[]
  /** The Job of the current task, where it was seen. */
  readonly job: ObservedJob | undefined
  readonly isSuspended: boolean
}

/**
 * The outcome of a run that has not ended. An evaluation counts as running until its pod is seen to
 * wait.
 */
function decideLiveRunOutcome({ tasks, job }: RunOutcomeInput): ObjectOutcome {
  const task = findCurrentTask(tasks)
  if (task === undefined) return { state: 'Queued', message: 'nothing is left to run' }
  const name = describeTask(task)
  const { reason, message } = job?.waiting ?? {}
  if (reason !== undefined)
    return { state: 'Queued', reason, message: `${name}: ${message ?? reason}` }
  const isRunning = job?.state === 'Running' || (task.kind === 'Evaluation' && job === undefined)
  return isRunning
    ? { state: 'Running', message: `${name}, attempt ${task.attempt}` }
    : { state: 'Queued', message: `${name} waits for a pod` }
}

/** What has become of a run, from its tasks alone; and from its pod while it runs. */
export function decideRunOutcome(input: RunOutcomeInput): ObjectOutcome {
  const { tasks, isSuspended } = input
  const failed = tasks.find(({ state }) => state === 'Failed')
  if (failed !== undefined) {
    const message = `${describeTask(failed)}: ${failed.message ?? 'failed'}`
    return { state: 'Failed', reason: failed.cause ?? 'Unexpected', message }
  }
  if (tasks.every(({ state }) => state === 'Succeeded')) {
    return { state: 'Succeeded', message: 'trained and evaluated' }
  }
  return isSuspended
    ? { state: 'Suspended', message: 'suspended; set suspend to false to go on' }
    : decideLiveRunOutcome(input)
}
