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

const CAUSE_OF_EXIT: Readonly<Record<Exclude<ExitReason, 'Succeeded'>, FailureCause>> = {
  Unexpected: 'Unexpected',
  UserError: 'UserError',
  Infeasible: 'Infeasible',
  Infrastructure: 'Infrastructure',
  Interrupted: 'Disruption',
  NotFinite: 'NotFinite',
  FirstStepLate: 'Deadline',
  Stalled: 'Deadline',
}
const CAUSE_OF_POD = {
  Disrupted: 'Disruption',
  OutOfMemory: 'Infeasible',
  CannotStart: 'Infrastructure',
  Refused: 'UserError',
} as const satisfies Record<string, FailureCause>

const LATE: ReadonlySet<string> = new Set<ExitReason>(['FirstStepLate', 'Stalled'])

/** How a failed Job is read: what the home says of the pod first, then what the pod says of a deadline, then its exit code. A process ended by a signal has no exit code: a disruption. */
export function failureCause(job: {
  readonly exitCode?: number
  readonly cause?: keyof typeof CAUSE_OF_POD
  readonly termination?: { readonly reason: string }
}): FailureCause {
  if (job.cause !== undefined) return CAUSE_OF_POD[job.cause]
  // A pod whose main thread hangs can only be ended by a signal.
  if (LATE.has(job.termination?.reason ?? '')) return 'Deadline'
  if (job.exitCode === undefined) return 'Disruption'
  const found = Object.entries(CAUSE_OF_EXIT).find(
    ([reason]) => EXIT_CODES[reason as ExitReason] === job.exitCode,
  )
  return found?.[1] ?? 'Unexpected'
}

/** How often each cause is tried again in a run that says nothing; a cause that is not here never is. */
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

/** How often a cause may be tried again in one piece of work. */
export function retryLimit(cause: FailureCause, limits: RetryLimits = {}): number {
  const asked: Partial<Record<FailureCause, number | undefined>> = {
    Infrastructure: limits.infrastructure,
    Disruption: limits.disruption,
    Unexpected: limits.unexpected,
  }
  return asked[cause] ?? DEFAULT_RETRIES[cause] ?? 0
}

/** The entry of a sweep's failureBudget that pays for a failed run. */
export const BUDGET_OF_CAUSE = {
  UserError: 'userError',
  Infeasible: 'infeasible',
  NotFinite: 'infeasible',
  Infrastructure: 'infrastructure',
  Deadline: 'infrastructure',
  Disruption: 'disruption',
  Unexpected: 'unexpected',
} as const satisfies Record<FailureCause, string>
