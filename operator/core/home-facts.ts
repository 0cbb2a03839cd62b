import type { BusProblem, BusState, Progress } from '../../contract/progress.ts'
import type { Obstacle } from '../ports/obstacle.ts'

/** What a plan is told of the home beside the objects it is about. */
export interface HomeFacts {
  /** What keeps pods from starting here; looked for until the object is accepted. */
  readonly obstacles: readonly Obstacle[]
  readonly busState: BusState
  /** Why it is Degraded, where that is known. */
  readonly busProblem?: BusProblem | undefined
  /** What the pod at work last said. */
  readonly progress?: Progress | undefined
  /** Whether attempts of the run reported what has not all arrived, as far as was heard. */
  readonly hasLeftReports?: boolean | undefined
  /** How long Jobs of an ended run stay where the run does not say; for ever when undefined. */
  readonly keptSeconds?: number | undefined
}

/** A home with nothing in the way and no bus. */
export const QUIET_HOME: HomeFacts = { obstacles: [], busState: 'Off' }
