import type { AttemptAddress } from '../../contract/bus-names.ts'
import type {
  BusProblem,
  BusState,
  CompletedCheckpoint,
  ReportedProgress,
} from '../../contract/bus-state.ts'

/**
 * What live pods report. A hint may be late, repeated or lost: with it something is done sooner,
 * never otherwise.
 */
export interface Hints {
  busState(): BusState
  /** Why it is Degraded, where that is known. */
  busProblem(): BusProblem | undefined
  findProgress(runUid: string): ReportedProgress | undefined
  /** The newest complete checkpoint of its training that was reported. */
  findCheckpoint(runUid: string): CompletedCheckpoint | undefined
  /** Whether an attempt has ended and all it reported has arrived, as far as is known. */
  isFullyReported(address: AttemptAddress): boolean
  /** Calls back when the state of the bus changes, until the returned function is called. */
  watchBus(changed: () => void): () => void
  /**
   * Calls back with the UID of a run whose training has reported a newer checkpoint, until the
   * returned function is called.
   */
  watchCheckpoints(changed: (runUid: string) => void): () => void
}

/** For a platform without a bus. */
export const NOOP_HINTS: Hints = {
  busState: () => 'Off',
  busProblem: () => undefined,
  findProgress: () => undefined,
  findCheckpoint: () => undefined,
  isFullyReported: () => false,
  watchBus: () => () => {},
  watchCheckpoints: () => () => {},
}
