import { EXIT_CODES, type ExitReason } from '../../../contract/exit-codes.ts'

/** Why an attempt failed. */
export type FailureCause =
  | 'UserError'
  | 'Infeasible'
  | 'NotFinite'
  | 'Infrastructure'
  | 'Disruption'
  | 'Deadline'
  | 'Unexpected'

const CAUSE_BY_EXIT_REASON: Readonly<Record<Exclude<ExitReason, 'Succeeded'>, FailureCause>> = {
  Unexpected: 'Unexpected',
  UserError: 'UserError',
  Infeasible: 'Infeasible',
  Infrastructure: 'Infrastructure',
  Interrupted: 'Disruption',
  NotFinite: 'NotFinite',
  FirstStepLate: 'Deadline',
  Stalled: 'Deadline',
}
const CAUSE_BY_POD_FAILURE = {
  Disrupted: 'Disruption',
  OutOfMemory: 'Infeasible',
  CannotStart: 'Infrastructure',
  Refused: 'UserError',
} as const satisfies Record<string, FailureCause>

const DEADLINE_EXIT_REASONS: ReadonlySet<string> = new Set<ExitReason>(['FirstStepLate', 'Stalled'])

/**
 * How a failed Job is read: what the platform says of the pod first, then what the pod says of a
 * deadline, then its exit code. A process ended by a signal has no exit code: a disruption.
 */
export function classifyJobFailure(job: {
  readonly exitCode?: number
  readonly cause?: keyof typeof CAUSE_BY_POD_FAILURE
  readonly termination?: { readonly reason: string }
}): FailureCause {
  if (job.cause !== undefined) return CAUSE_BY_POD_FAILURE[job.cause]
  // A pod whose main thread hangs can only be ended by a signal.
  if (DEADLINE_EXIT_REASONS.has(job.termination?.reason ?? '')) return 'Deadline'
  if (job.exitCode === undefined) return 'Disruption'
  const found = Object.entries(CAUSE_BY_EXIT_REASON).find(
    ([reason]) => EXIT_CODES[reason as ExitReason] === job.exitCode,
  )
  return found?.[1] ?? 'Unexpected'
}

/**
 * How often each cause is tried again in a run that says nothing; a cause that is not here never
 * is.
 */
const DEFAULT_RETRIES: Partial<Record<FailureCause, number>> = {
  Infrastructure: 3,
  Disruption: 20,
  Unexpected: 1,
}

export interface RetryLimits {
  readonly infrastructure?: number | undefined
  readonly disruption?: number | undefined
  readonly unexpected?: number | undefined
}

/** How often a cause may be tried again in one task. */
export function findRetryLimit(cause: FailureCause, limits: RetryLimits = {}): number {
  const configuredLimits: Partial<Record<FailureCause, number | undefined>> = {
    Infrastructure: limits.infrastructure,
    Disruption: limits.disruption,
    Unexpected: limits.unexpected,
  }
  return configuredLimits[cause] ?? DEFAULT_RETRIES[cause] ?? 0
}

/** The entry of a sweep's failureBudget that pays for a failed run. */
export const BUDGET_BY_CAUSE = {
  UserError: 'userError',
  Infeasible: 'infeasible',
  NotFinite: 'infeasible',
  Infrastructure: 'infrastructure',
  Deadline: 'infrastructure',
  Disruption: 'disruption',
  Unexpected: 'unexpected',
} as const satisfies Record<FailureCause, string>
