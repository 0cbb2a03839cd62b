/** Something to tell a person once the status is written. */
export interface PlannedEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

/** What to do next: writes in order, then the status in one write, then the events. */
export interface Plan<Action, Status> {
  readonly actions: readonly Action[]
  /** Left out where it is already written. */
  readonly status?: Status
  readonly events: readonly PlannedEvent[]
  /** When to look again though nothing changes. */
  readonly requeueAfterMs?: number
}

/** Raised when a plan would treat live runs differently; a run keeps the one it started with. */
export const PLAN_VERSION = 1
