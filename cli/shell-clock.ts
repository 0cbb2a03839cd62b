import type { Clock } from '../operator/ports/clock.ts'
import type { Shell } from './shell.ts'

/** The clock of a shell, with the timers of this process. */
export const shellClock = ({ now }: Pick<Shell, 'now'>): Clock => ({
  nowMs: now,
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs)
    return () => clearTimeout(timer)
  },
})
