import { setTimeout as after } from 'node:timers/promises'

interface WaitOptions<T> {
  /** What is awaited, for the error at the timeout. */
  readonly what: string
  readonly withinMs: number
  readonly everyMs?: number
  /**
   * Returns a value once there is one; an error counts as "not yet" and is the cause at the
   * timeout.
   */
  readonly look: () => Promise<T | undefined>
}

/**
 * Polls until `look` returns a value, for programs that do not notify when they are ready. Throws
 * at the timeout.
 */
export async function waitUntil<T>({
  what,
  withinMs,
  everyMs = 50,
  look,
}: WaitOptions<T>): Promise<T> {
  const endsAtMs = performance.now() + withinMs
  let last: unknown
  while (performance.now() < endsAtMs) {
    const found = await look().catch((cause: unknown) => {
      last = cause
      return undefined
    })
    if (found !== undefined) return found
    await after(everyMs)
  }
  throw new Error(`${what}: not there after ${withinMs} ms`, { cause: last })
}
