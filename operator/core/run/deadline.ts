import type { TaskStatus } from '../../../crds/necorun.ts'
import type { RunSpec } from '../../../crds/spec/run-spec.ts'
import type { ObservedJob, WaitingPhase } from '../../ports/observed-job.ts'

type DeadlineName = keyof NonNullable<RunSpec['deadlines']>

/** The deadline that is running, and how long it has left. */
export interface Deadline {
  readonly name: DeadlineName
  readonly remainingMs: number
}

const DEADLINE_BY_PHASE: Readonly<Record<WaitingPhase, DeadlineName>> = {
  Queue: 'queueSeconds',
  Schedule: 'scheduleSeconds',
  Pull: 'pullSeconds',
  Init: 'initSeconds',
}

/**
 * What holds where a run says nothing: a pull or a start that takes longer will not end by itself.
 */
const DEFAULT_SECONDS: Partial<Record<DeadlineName, number>> = {
  pullSeconds: 1800,
  initSeconds: 600,
}

/** How long the Job waited and ran until now. */
export function computeJobDurations(
  job: ObservedJob,
  nowMs: number,
): { queuedMs: number; ranMs: number } {
  const { createdMs, startedMs, endedMs = nowMs } = job
  if (startedMs === undefined) return { queuedMs: Math.max(0, endedMs - createdMs), ranMs: 0 }
  return {
    queuedMs: Math.max(0, startedMs - createdMs),
    ranMs: Math.max(0, endedMs - startedMs),
  }
}

/**
 * The deadline of the phase that a live Job is in; undefined where it has none. Training and
 * evaluation add up over their attempts.
 */
export function findRunningDeadline(
  {
    spec,
    task,
    nowMs,
  }: { readonly spec: RunSpec; readonly task: TaskStatus; readonly nowMs: number },
  job: ObservedJob,
): Deadline | undefined {
  const { queuedMs, ranMs } = computeJobDurations(job, nowMs)
  const toDeadline = (name: DeadlineName, spentMs: number): Deadline | undefined => {
    const limit = spec.deadlines?.[name] ?? DEFAULT_SECONDS[name]
    return limit === undefined ? undefined : { name, remainingMs: limit * 1000 - spentMs }
  }
  if (job.startedMs !== undefined) {
    const name = task.kind === 'Training' ? 'trainSeconds' : 'evaluateSeconds'
    return toDeadline(name, (task.ranMs ?? 0) + ranMs)
  }
  if (job.waiting === undefined) return toDeadline('queueSeconds', queuedMs)
  return toDeadline(DEADLINE_BY_PHASE[job.waiting.phase], Math.max(0, nowMs - job.waiting.sinceMs))
}
