import type { Clock } from '../std/clock.ts'
import type { Shell } from './shell.ts'

/** The clock of a shell, with the timers of this process. */
export const createShellClock = ({ now }: Pick<Shell, 'now'>): Clock => ({
  nowMs: now,
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
})
