import type { Condition } from '../../../crds/condition.ts'
import type { RunStatus } from '../../../crds/necorun.ts'
import { toCanonicalJson } from '../canonical-json.ts'

/**
 * Progress is written this often at most: it is for people, and every write goes to every watcher.
 */
export const PROGRESS_INTERVAL_MS = 60_000

/**
 * Whether something holds a run up: that begins and ends at once for people, one reason after
 * another does not.
 */
const isRunBlocked = ({ type, reason }: Condition): boolean =>
  type === 'Ready' && reason !== 'Queued' && reason !== 'Running'

const toConditionKey = (condition: Condition) => {
  const { type, status, observedGeneration } = condition
  return [type, status, observedGeneration, isRunBlocked(condition)]
}

/** What of a status somebody may have to act on; the rest is progress. */
const toActionableKey = ({ conditions = [], tasks, evaluations, runKey }: RunStatus): string =>
  toCanonicalJson([conditions.map(toConditionKey), tasks, evaluations, runKey])

/** Whether a status differs from the one before in progress alone. */
export const isProgressOnly = (status: RunStatus, before: RunStatus | undefined): boolean =>
  before !== undefined && toActionableKey(status) === toActionableKey(before)

/** How long until progress may be written again; 0 when it may be now. */
export function computeProgressWaitMs(before: RunStatus | undefined, nowMs: number): number {
  if (before?.progressTime === undefined) return 0
  return Math.max(0, Date.parse(before.progressTime) + PROGRESS_INTERVAL_MS - nowMs)
}
