/** Something to tell a person once the status is written. */
export interface PlannedEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

/** What to do next: writes in order, then the status in one write, then the events. */
export interface ReconcilePlan<Action, Status> {
  readonly actions: readonly Action[]
  /** Left out where it is already written. */
  readonly status?: Status
  readonly events: readonly PlannedEvent[]
  /** When to look again though nothing changes. */
  readonly requeueAfterMs?: number
}

/** What kept the last plan from being applied. */
export interface BlockedReason {
  /** One word. */
  readonly reason: string
  /** Says what to do. */
  readonly message: string
}

/** A plan that is blocked is tried again after this time, though nothing changes. */
export const BLOCKED_RETRY_MS = 30_000
