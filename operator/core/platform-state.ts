import type {
  BusProblem,
  BusState,
  CompletedCheckpoint,
  ReportedProgress,
} from '../../contract/bus-state.ts'
import type { Blocker } from '../ports/blocker.ts'

/** What a plan knows of the platform beside the objects it is about. */
export interface PlatformState {
  /** What keeps pods from starting here; looked for until the object is accepted. */
  readonly blockers: readonly Blocker[]
  readonly busState: BusState
  /** Why it is Degraded, where that is known. */
  readonly busProblem?: BusProblem | undefined
  /** What the running pod reported last. */
  readonly progress?: ReportedProgress | undefined
  /** The newest complete checkpoint of the run that was reported: a hint, late or lost. */
  readonly checkpoint?: CompletedCheckpoint | undefined
  /**
   * How many evaluators run at once where the run does not say; looked for until it is accepted.
   */
  readonly defaultEvaluationParallelism?: number | undefined
  /** Whether attempts of the run reported what has not all arrived, as far as is known. */
  readonly hasUnshippedReports?: boolean | undefined
  /** How long Jobs of an ended run stay where the run does not say; for ever when undefined. */
  readonly defaultTtlSeconds?: number | undefined
}

/** A platform without blockers and without a bus. */
export const UNBLOCKED_PLATFORM: PlatformState = { blockers: [], busState: 'Off' }
