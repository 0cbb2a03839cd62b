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
  /** Why it is not accepted, where that has a word of its own. */
  readonly acceptedReason?: string
  /** Whether what pods say can be heard; left out where no bus is configured. */
  readonly busDegraded?: boolean
  readonly generation: number
  readonly nowMs: number
}

type Draft = Pick<Condition, 'reason' | 'message'> & { readonly holds: boolean }

const BUS_MESSAGES = {
  true: 'NATS cannot be reached: pods go on, and what they say arrives later',
  false: 'NATS is connected',
} as const

function draftsOf(report: StateReport): [ConditionType, Draft][] {
  const { state, reason = state, message, acceptedReason = reason, busDegraded } = report
  const drafts = Object.entries(CONDITION_TABLE[state]).map(
    ([type, holds]): [ConditionType, Draft] => [
      type as ConditionType,
      { holds, message, reason: type === 'Accepted' ? acceptedReason : reason },
    ],
  )
  if (busDegraded === undefined) return drafts
  const bus = {
    holds: busDegraded,
    reason: busDegraded ? 'Disconnected' : 'Connected',
    message: BUS_MESSAGES[`${busDegraded}`],
  }
  return [...drafts, ['BusDegraded', bus]]
}

/** Conditions of a state. lastTransitionTime moves only where a status changes. */
export function conditionsOf(report: StateReport, before: readonly Condition[] = []): Condition[] {
  const { generation, nowMs } = report
  const now = new Date(nowMs).toISOString()
  return draftsOf(report).map(([type, { holds, reason, message }]) => {
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

/** When an object that has ended did so (ms); NaN for any other. */
export const endTimeMs = (conditions: readonly Condition[] | undefined): number => {
  const ended = (['Complete', 'Failed'] as const)
    .map((type) => conditionOf(conditions, type))
    .find((condition) => condition?.status === 'True')
  return Date.parse(ended?.lastTransitionTime ?? '')
}

/** Whether an object was accepted: its immutable part is in order and its home can run it. */
export const isAccepted = (
  status: { readonly conditions?: readonly Condition[] | undefined } | undefined,
): boolean => conditionOf(status?.conditions, 'Accepted')?.status === 'True'

interface Seen {
  readonly observedGeneration?: number | undefined
  readonly conditions?: readonly Condition[] | undefined
}

/** The status of an ended object whose spec was edited after its end: seen, and nothing else; undefined where it was seen. */
export function seenStatus<S extends Seen>(status: S | undefined, generation = 1): S | undefined {
  if (status === undefined || status.observedGeneration === generation) return undefined
  const conditions = status.conditions?.map((one) => ({ ...one, observedGeneration: generation }))
  return { ...status, conditions, observedGeneration: generation }
}
