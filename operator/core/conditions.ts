import type { Condition, ConditionType } from '../../crds/condition.ts'
import type { PlatformState } from './platform-state.ts'

/** What an object is in, in one word: a row of the truth table. */
export type ObjectState =
  | 'Queued'
  | 'Running'
  | 'Suspended'
  | 'Succeeded'
  | 'PartlyFailed'
  | 'Failed'
  | 'NotAccepted'

type ConditionValues = Readonly<
  Record<'Ready' | 'Complete' | 'Failed' | 'Reconciling' | 'Stalled' | 'Accepted', boolean>
>

const buildConditionValues = (trueTypes: readonly (keyof ConditionValues)[]): ConditionValues => ({
  Ready: trueTypes.includes('Ready'),
  Complete: trueTypes.includes('Complete'),
  Failed: trueTypes.includes('Failed'),
  Reconciling: trueTypes.includes('Reconciling'),
  Stalled: trueTypes.includes('Stalled'),
  Accepted: trueTypes.includes('Accepted'),
})

/** The truth table of conditions, one row a state, for both kinds. */
export const CONDITIONS_BY_STATE: Readonly<Record<ObjectState, ConditionValues>> = {
  Queued: buildConditionValues(['Reconciling', 'Accepted']),
  Running: buildConditionValues(['Reconciling', 'Accepted']),
  Suspended: buildConditionValues(['Accepted']),
  Succeeded: buildConditionValues(['Ready', 'Complete', 'Accepted']),
  PartlyFailed: buildConditionValues(['Ready', 'Complete', 'Accepted']),
  Failed: buildConditionValues(['Failed', 'Stalled', 'Accepted']),
  NotAccepted: buildConditionValues(['Stalled']),
}

export interface ConditionInput {
  readonly state: ObjectState
  /** One word that says why; the state itself when left out. */
  readonly reason?: string
  readonly message: string
  /** Why it is not accepted, where that has a word of its own. */
  readonly acceptedReason?: string
  /** Whether reports of pods arrive; left out where no bus is configured. */
  readonly bus?: Pick<PlatformState, 'busState' | 'busProblem'>
  readonly generation: number
  readonly nowMs: number
}

type ConditionDraft = Pick<Condition, 'reason' | 'message'> & { readonly isTrue: boolean }

const DEGRADED_CONSEQUENCE = 'pods continue, and their reports arrive later'

function buildBusDegradedDraft({
  busState,
  busProblem,
}: NonNullable<ConditionInput['bus']>): ConditionDraft {
  if (busState !== 'Degraded') {
    return { isTrue: false, reason: 'Connected', message: 'NATS is connected' }
  }
  const { code: reason, message } = busProblem ?? {
    code: 'Disconnected',
    message: 'NATS cannot be reached',
  }
  return { isTrue: true, reason, message: `${message}; ${DEGRADED_CONSEQUENCE}` }
}

function buildConditionDrafts(input: ConditionInput): [ConditionType, ConditionDraft][] {
  const { state, reason = state, message, acceptedReason = reason, bus } = input
  const drafts = Object.entries(CONDITIONS_BY_STATE[state]).map(
    ([type, isTrue]): [ConditionType, ConditionDraft] => [
      type as ConditionType,
      { isTrue, message, reason: type === 'Accepted' ? acceptedReason : reason },
    ],
  )
  if (bus === undefined || bus.busState === 'Off') return drafts
  return [...drafts, ['BusDegraded', buildBusDegradedDraft(bus)]]
}

/**
 * A server that is away fails in another way at every try: the first is reported, for one write a
 * reason.
 */
const isAlreadyReported = (
  type: ConditionType,
  { reason }: ConditionDraft,
  previous: Condition | undefined,
): boolean => type === 'BusDegraded' && previous?.reason === reason

/** Conditions of a state. lastTransitionTime moves only where a status changes. */
export function buildConditions(
  input: ConditionInput,
  before: readonly Condition[] = [],
): Condition[] {
  const { generation, nowMs } = input
  const now = new Date(nowMs).toISOString()
  return buildConditionDrafts(input).map(([type, draft]) => {
    const { isTrue, reason } = draft
    const status = isTrue ? 'True' : 'False'
    const previous = before.find((condition) => condition.type === type)
    const lastTransitionTime = previous?.status === status ? previous.lastTransitionTime : now
    const message = isAlreadyReported(type, draft, previous)
      ? (previous?.message ?? '')
      : draft.message
    return { type, status, observedGeneration: generation, lastTransitionTime, reason, message }
  })
}

export const findCondition = (
  conditions: readonly Condition[] | undefined,
  type: ConditionType,
): Condition | undefined => conditions?.find((condition) => condition.type === type)

/** Whether an object has ended: Complete or Failed, which never change again. */
export const isEnded = (conditions: readonly Condition[] | undefined): boolean =>
  (['Complete', 'Failed'] as const).some(
    (type) => findCondition(conditions, type)?.status === 'True',
  )

/** When an object that has ended did so (ms); NaN for any other. */
export const endTimeMs = (conditions: readonly Condition[] | undefined): number => {
  const ended = (['Complete', 'Failed'] as const)
    .map((type) => findCondition(conditions, type))
    .find((condition) => condition?.status === 'True')
  return Date.parse(ended?.lastTransitionTime ?? '')
}

/** Whether an object was accepted: its immutable part is in order and its platform can run it. */
export const isAccepted = (
  status: { readonly conditions?: readonly Condition[] | undefined } | undefined,
): boolean => findCondition(status?.conditions, 'Accepted')?.status === 'True'

interface GenerationStatus {
  readonly observedGeneration?: number | undefined
  readonly conditions?: readonly Condition[] | undefined
}

/**
 * The status of an ended object whose spec was edited after its end: seen, and nothing else;
 * undefined where it was seen.
 */
export function withObservedGeneration<S extends GenerationStatus>(
  status: S | undefined,
  generation = 1,
): S | undefined {
  if (status === undefined || status.observedGeneration === generation) return undefined
  const conditions = status.conditions?.map((one) => ({ ...one, observedGeneration: generation }))
  return { ...status, conditions, observedGeneration: generation }
}
