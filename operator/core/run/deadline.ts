import type { WorkStatus } from '../../../crds/necorun.ts'
import type { RunSpec } from '../../../crds/spec/run-spec.ts'
import type { ObservedJob, WaitingPhase } from '../../ports/observed-job.ts'

type DeadlineName = keyof NonNullable<RunSpec['deadlines']>

/** The deadline that is running, and how long it has left. */
export interface Deadline {
  readonly name: DeadlineName
  readonly leftMs: number
}

const OF_PHASE: Readonly<Record<WaitingPhase, DeadlineName>> = {
  Queue: 'queueSeconds',
  Schedule: 'scheduleSeconds',
  Pull: 'pullSeconds',
  Init: 'initSeconds',
}

/** What holds where a run says nothing: a pull or a start that takes longer will not end by itself. */
const DEFAULT_SECONDS: Partial<Record<DeadlineName, number>> = {
  pullSeconds: 1800,
  initSeconds: 600,
}

/** How long the Job waited and ran until now. */
export function clocksOf(job: ObservedJob, nowMs: number): { queuedMs: number; ranMs: number } {
  const { createdMs, startedMs, endedMs = nowMs } = job
  if (startedMs === undefined) return { queuedMs: Math.max(0, endedMs - createdMs), ranMs: 0 }
  return {
    queuedMs: Math.max(0, startedMs - createdMs),
    ranMs: Math.max(0, endedMs - startedMs),
  }
}

/** The deadline of the phase that a live Job is in; undefined where it has none. Training and evaluation add up over their attempts. */
export function deadlineOf(
  {
    spec,
    work,
    nowMs,
  }: { readonly spec: RunSpec; readonly work: WorkStatus; readonly nowMs: number },
  job: ObservedJob,
): Deadline | undefined {
  const { queuedMs, ranMs } = clocksOf(job, nowMs)
  const left = (name: DeadlineName, spentMs: number): Deadline | undefined => {
    const limit = spec.deadlines?.[name] ?? DEFAULT_SECONDS[name]
    return limit === undefined ? undefined : { name, leftMs: limit * 1000 - spentMs }
  }
  if (job.startedMs !== undefined) {
    const name = work.name === 'train' ? 'trainSeconds' : 'evaluateSeconds'
    return left(name, (work.ranMs ?? 0) + ranMs)
  }
  if (job.waiting === undefined) return left('queueSeconds', queuedMs)
  return left(OF_PHASE[job.waiting.phase], Math.max(0, nowMs - job.waiting.sinceMs))
}
