/**
 * An abort signal of one operation that follows longer lived signals and leaves no listener on
 * them.
 */
export interface AbortScope {
  readonly signal: AbortSignal
  abort(reason: unknown): void
  /** Removes the listeners; call it when the operation is done. */
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
