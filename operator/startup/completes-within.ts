import type { Clock } from '../../std/clock.ts'
import { pause } from '../../std/pause.ts'

/**
 * Whether operation ended within a time in milliseconds; its result is ignored where it did not.
 * Rejects as the operation does.
 */
export async function completesWithin(
  clock: Clock,
  limitMs: number,
  operation: Promise<unknown>,
): Promise<boolean> {
  const done = new AbortController()
  const ended = operation.then(() => true).finally(() => done.abort())
  const timedOut = pause(clock, limitMs, done.signal).then(() => false)
  return Promise.race([
    ended,
    timedOut.then((hasTimedOut) => (done.signal.aborted ? ended : hasTimedOut)),
  ])
}
