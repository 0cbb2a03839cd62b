import type { ObjectKey } from '../../kube/object-key.ts'
import type { StoredRun, StoredSweep } from './objects.ts'

/**
 * The results of a sweep as a table that people and scripts read: a cache, made again from the
 * runs.
 */
export interface ResultTables {
  /**
   * Brings the table up to date, where it is due; the runs are read only then. Says when to call
   * again, where it has to wait.
   */
  write(sweep: StoredSweep, table: TableRequest): Promise<{ readonly retryAfterMs?: number }>
  /** Forgets a sweep that is gone; its table goes with it. */
  forget(sweep: ObjectKey): void
}

export interface TableRequest {
  readonly runs: () => Promise<readonly StoredRun[]>
  /** An ended sweep does not wait. */
  readonly hasEnded: boolean
}

/** For a platform whose results are read from its runs alone. */
export const NOOP_RESULT_TABLES: ResultTables = { write: async () => ({}), forget: () => undefined }
