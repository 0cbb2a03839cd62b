import { omitUndefined } from '../../../std/omit-undefined.ts'
import { endTimeMs, withObservedGeneration } from '../conditions.ts'
import { isLiveReader, planReader } from './plan-reader.ts'
import type { ObservedRun, RunPlan } from './run-plan.ts'

/**
 * What is left to do for a run that has ended: what its pods left is shipped, and its Jobs go in
 * time.
 */
export function planEndedRun(observed: ObservedRun): RunPlan {
  const { status, metadata } = observed.run
  const reader = planReader(observed)
  const kept = planJobCleanup(observed)
  const next = withObservedGeneration(reader.status ?? status, metadata.generation) ?? reader.status
  const waits = [reader, kept].flatMap(({ requeueAfterMs }) => requeueAfterMs ?? [])
  return {
    actions: [...reader.actions, ...kept.actions],
    ...omitUndefined({ status: next }),
    events: [],
    ...(waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : {}),
  }
}

/**
 * Jobs of a run that has ended stay for their time, so that their logs can be read; the run stays.
 */
function planJobCleanup(observed: ObservedRun): RunPlan {
  const { run, jobs, platform, nowMs } = observed
  const kept = run.spec.ttlSecondsAfterFinished ?? platform.defaultTtlSeconds
  const remainingJobs = jobs.filter((job) => !(job.isEnding || isLiveReader(observed, job)))
  if (kept === undefined || remainingJobs.length === 0) return { actions: [], events: [] }
  const waitMs = endTimeMs(run.status?.conditions) + kept * 1000 - nowMs
  if (waitMs > 0) return { actions: [], events: [], requeueAfterMs: waitMs }
  return { actions: remainingJobs.map(({ name }) => ({ kind: 'DeleteJob', name })), events: [] }
}
