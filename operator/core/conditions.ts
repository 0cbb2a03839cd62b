import type { Condition, ConditionType } from '../../crds/condition.ts'

/** What an object is in, in one word: a row of the truth table. */
export type ObjectState =
  | 'Queued'
  | 'Running'
  | 'Suspended'
  | 'Succeeded'
  | 'PartlyFailed'
  | 'Failed'
  | 'NotAccepted'

type Truth = Readonly<
  Record<'Ready' | 'Complete' | 'Failed' | 'Reconciling' | 'Stalled' | 'Accepted', boolean>
>

const row = (holding: readonly (keyof Truth)[]): Truth => ({
  Ready: holding.includes('Ready'),
  Complete: holding.includes('Complete'),
  Failed: holding.includes('Failed'),
  Reconciling: holding.includes('Reconciling'),
  Stalled: holding.includes('Stalled'),
  Accepted: holding.includes('Accepted'),
})

/** The truth table of conditions, one row a state, for both kinds. */
export const CONDITION_TABLE: Readonly<Record<ObjectState, Truth>> = {
  Queued: row(['Reconciling', 'Accepted']),
  Running: row(['Reconciling', 'Accepted']),
  Suspended: row(['Accepted']),
  Succeeded: row(['Ready', 'Complete', 'Accepted']),
  PartlyFailed: row(['Ready', 'Complete', 'Accepted']),
  Failed: row(['Failed', 'Stalled', 'Accepted']),
  NotAccepted: row(['Stalled']),
}

export interface StateReport {
  readonly state: ObjectState
  /** One word that says why; the state itself when left out. */
  readonly reason?: string
  readonly message: string
  readonly generation: number
  readonly nowMs: number
}

/** Conditions of a state. lastTransitionTime moves only where a status changes. */
export function conditionsOf(
  { state, reason = state, message, generation, nowMs }: StateReport,
  before: readonly Condition[] = [],
): Condition[] {
  const now = new Date(nowMs).toISOString()
  return Object.entries(CONDITION_TABLE[state]).map(([type, holds]) => {
    const status = holds ? 'True' : 'False'
    const old = before.find((condition) => condition.type === type)
    const lastTransitionTime = old?.status === status ? old.lastTransitionTime : now
    return { type, status, observedGeneration: generation, lastTransitionTime, reason, message }
  })
}

export const conditionOf = (
  conditions: readonly Condition[] | undefined,
  type: ConditionType,
): Condition | undefined => conditions?.find((condition) => condition.type === type)

/** Whether an object has ended: Complete or Failed, which never change again. */
export const isEnded = (conditions: readonly Condition[] | undefined): boolean =>
  (['Complete', 'Failed'] as const).some((type) => conditionOf(conditions, type)?.status === 'True')
