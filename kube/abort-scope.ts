import type { Clock } from '../operator/ports/clock.ts'

/** An abort signal of one piece of work, which also follows longer lived ones without staying on them. */
export interface AbortScope {
  readonly signal: AbortSignal
  abort(reason: unknown): void
  /** Lets go of the signals followed; call it when the work is done. */
  end(): void
}

/** Starts a scope that aborts, with their reason, when one of the given signals does. */
export function createAbortScope(parents: readonly (AbortSignal | undefined)[]): AbortScope {
  const controller = new AbortController()
  const removers: (() => void)[] = []
  for (const signal of parents) {
    if (signal === undefined) continue
    const follow = () => controller.abort(signal.reason)
    if (signal.aborted) follow()
    signal.addEventListener('abort', follow)
    removers.push(() => signal.removeEventListener('abort', follow))
  }
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    end: () => {
      for (const remove of removers.splice(0)) remove()
    },
  }
}

/** Resolves after a time in milliseconds, or as soon as the signal aborts. */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true || delayMs <= 0) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      cancel()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(delayMs, end)
    signal?.addEventListener('abort', end)
  })
}
