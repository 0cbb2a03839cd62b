import type { PlannedEvent } from './reconcile-plan.ts'
import type { ObjectOutcome } from './run/run-outcome.ts'

/**
 * The Events of a new state; none for going on, nor for the reason that Ready had
 * already.
 */
export function buildStateEvents(
  { state, reason, message }: ObjectOutcome,
  previousReason: string | undefined,
): PlannedEvent[] {
  const eventReason = reason ?? state
  const isUneventful = state === 'Running' || (state === 'Queued' && reason === undefined)
  if (previousReason === eventReason || isUneventful) return []
  const isWarning = state === 'Failed' || state === 'NotAccepted' || state === 'Queued'
  return [{ type: isWarning ? 'Warning' : 'Normal', reason: eventReason, message }]
}
