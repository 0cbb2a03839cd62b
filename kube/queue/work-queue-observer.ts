/**
 * How one reconcile of a key ended: nothing more to do, to be requeued later, or failed and tried
 * again.
 */
export type ReconcileOutcome = 'Done' | 'Requeued' | 'Failed'

/** Notified of what a work queue does, for metrics and logs. It must not throw. */
export interface WorkQueueObserver {
  /** A key that did not wait before waits now. */
  added(key: string): void
  started(key: string): void
  ended(key: string, outcome: ReconcileOutcome): void
}
