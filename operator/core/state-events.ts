import type { PlannedEvent } from './plan.ts'
import type { Outcome } from './run/run-outcome.ts'

/** What to tell a person of a new state; nothing of going on, nor of the word that Ready said already. */
export function stateEvents(
  { state, reason, message }: Outcome,
  was: string | undefined,
): PlannedEvent[] {
  const word = reason ?? state
  const isQuiet = state === 'Running' || (state === 'Queued' && reason === undefined)
  if (was === word || isQuiet) return []
  const isBad = state === 'Failed' || state === 'NotAccepted' || state === 'Queued'
  return [{ type: isBad ? 'Warning' : 'Normal', reason: word, message }]
}
