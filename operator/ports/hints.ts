import type { BusState, Progress } from '../../crds/progress.ts'

/** What live pods say. A hint may be late, repeated or lost: no decision rests on it. */
export interface Hints {
  busState(): BusState
  progressOf(runUid: string): Progress | undefined
  /** Calls back when the state of the bus changes, until the returned function is called. */
  watchBus(changed: () => void): () => void
}

/** A home without a bus. */
export const NO_HINTS: Hints = {
  busState: () => 'Off',
  progressOf: () => undefined,
  watchBus: () => () => {},
}
