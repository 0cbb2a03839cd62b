import type { Condition, ConditionType } from '../../crds/condition.ts'
import type { HomeFacts } from './home-facts.ts'

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
  readonly bus?: Pick<HomeFacts, 'busState' | 'busProblem'>
  readonly generation: number
  readonly nowMs: number
}

type Draft = Pick<Condition, 'reason' | 'message'> & { readonly holds: boolean }

const CONSEQUENCE = 'pods go on, and what they say arrives later'

function busDraft({ busState, busProblem }: NonNullable<StateReport['bus']>): Draft {
  if (busState !== 'Degraded') {
    return { holds: false, reason: 'Connected', message: 'NATS is connected' }
  }
  const { code: reason, message } = busProblem ?? {
    code: 'Disconnected',
    message: 'NATS cannot be reached',
  }
  return { holds: true, reason, message: `${message}; ${CONSEQUENCE}` }
}

function draftsOf(report: StateReport): [ConditionType, Draft][] {
  const { state, reason = state, message, acceptedReason = reason, bus } = report
  const drafts = Object.entries(CONDITION_TABLE[state]).map(
    ([type, holds]): [ConditionType, Draft] => [
      type as ConditionType,
      { holds, message, reason: type === 'Accepted' ? acceptedReason : reason },
    ],
  )
  if (bus === undefined || bus.busState === 'Off') return drafts
  return [...drafts, ['BusDegraded', busDraft(bus)]]
}

/** A server that is away fails in another way at every try: the first is told, for one write a reason. */
const toldBefore = (type: ConditionType, { reason }: Draft, old: Condition | undefined): boolean =>
  type === 'BusDegraded' && old?.reason === reason

/** Conditions of a state. lastTransitionTime moves only where a status changes. */
export function conditionsOf(report: StateReport, before: readonly Condition[] = []): Condition[] {
  const { generation, nowMs } = report
  const now = new Date(nowMs).toISOString()
  return draftsOf(report).map(([type, draft]) => {
    const { holds, reason } = draft
    const status = holds ? 'True' : 'False'
    const old = before.find((condition) => condition.type === type)
    const lastTransitionTime = old?.status === status ? old.lastTransitionTime : now
    const message = toldBefore(type, draft, old) ? (old?.message ?? '') : draft.message
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
