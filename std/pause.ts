import type { Clock } from './clock.ts'

/** Resolves after a time in milliseconds, or as soon as the signal aborts; it never rejects. */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true || delayMs <= 0) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      cancel()
      // Something that is retried for days must not leave a listener for each try.
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(delayMs, end)
    signal?.addEventListener('abort', end)
  })
}
