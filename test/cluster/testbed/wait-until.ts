import { setTimeout as after } from 'node:timers/promises'

interface WaitOptions<T> {
  /** What is waited for, for the message when it does not come. */
  readonly what: string
  readonly withinMs: number
  readonly everyMs?: number
  /** Gives a value once it is there; an error counts as "not yet" and is named when time is up. */
  readonly look: () => Promise<T | undefined>
}

/** Looks again and again until there is something, for programs that tell nobody when they are ready. Throws when time is up. */
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
