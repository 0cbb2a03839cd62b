import type { Clock } from '../../../std/clock.ts'

/** Resolves after a time, or as soon as the signal aborts; it never rejects. */
export type Delay = (delayMs: number, signal?: AbortSignal) => Promise<void>

/** Makes waiting out of a clock's timers. */
export const createDelay =
  (clock: Clock): Delay =>
  (delayMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const finish = () => {
        cancel()
        signal?.removeEventListener('abort', finish)
        resolve()
      }
      const cancel = clock.after(delayMs, finish)
      signal?.addEventListener('abort', finish, { once: true })
    })
