import type { Checkpoints } from '../ports/checkpoints.ts'
import type { Clock } from '../ports/clock.ts'
import type { Events } from '../ports/events.ts'
import type { Hints } from '../ports/hints.ts'
import type { Jobs } from '../ports/jobs.ts'
import type { Runs, Sweeps } from '../ports/objects.ts'
import type { ResultTables } from '../ports/result-tables.ts'
import type { Surroundings } from '../ports/surroundings.ts'

/** A home, as the controllers see it. */
export interface ControllerPorts {
  readonly runs: Runs
  readonly sweeps: Sweeps
  readonly jobs: Jobs
  readonly events: Events
  readonly clock: Clock
  readonly surroundings: Surroundings
  readonly hints: Hints
  readonly checkpoints: Checkpoints
  readonly tables: ResultTables
}
