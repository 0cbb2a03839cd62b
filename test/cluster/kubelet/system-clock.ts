import type { Clock } from '../../../std/clock.ts'

/**
 * The clock of this machine, for tests with real processes: they wait for events and assert no
 * times.
 */
export const systemClock: Clock = {
  nowMs: Date.now,
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs)
    return () => clearTimeout(timer)
  },
}
