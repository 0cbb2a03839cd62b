import type { Clock } from '../../std/clock.ts'
import type { CheckpointRequester } from '../ports/checkpoint-requester.ts'
import type { Events } from '../ports/events.ts'
import type { Hints } from '../ports/hints.ts'
import type { Jobs } from '../ports/jobs.ts'
import type { Runs, Sweeps } from '../ports/objects.ts'
import type { Prerequisites } from '../ports/prerequisites.ts'
import type { ResultTables } from '../ports/result-tables.ts'

/** All ports of the controllers. */
export interface Platform {
  readonly runs: Runs
  readonly sweeps: Sweeps
  readonly jobs: Jobs
  readonly events: Events
  readonly clock: Clock
  readonly prerequisites: Prerequisites
  readonly hints: Hints
  readonly checkpointRequester: CheckpointRequester
  readonly resultTables: ResultTables
}
