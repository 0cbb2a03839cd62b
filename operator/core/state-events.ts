import type { PlannedEvent } from './reconcile-plan.ts'
import type { ObjectOutcome } from './run/run-outcome.ts'

/**
 * What to tell a person of a new state; nothing of going on, nor of the word that Ready said
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
