import type { AttemptAddress } from '../../contract/bus-names.ts'
import type { BusProblem, BusState, ReportedProgress } from '../../contract/bus-state.ts'

/** What live pods say. A hint may be late, repeated or lost: no decision rests on it. */
export interface Hints {
  busState(): BusState
  /** Why it is Degraded, where that is known. */
  busProblem(): BusProblem | undefined
  findProgress(runUid: string): ReportedProgress | undefined
  /** Whether an attempt has ended and all it reported has arrived, as far as is known. */
  isFullyReported(address: AttemptAddress): boolean
  /** Calls back when the state of the bus changes, until the returned function is called. */
  watchBus(changed: () => void): () => void
}

/** For a platform without a bus. */
export const NOOP_HINTS: Hints = {
  busState: () => 'Off',
  busProblem: () => undefined,
  findProgress: () => undefined,
  isFullyReported: () => false,
  watchBus: () => () => {},
}
