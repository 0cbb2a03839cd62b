import type { NeCoRun, RunStatus, WorkStatus } from '../../../crds/necorun.ts'
import type { JobRequest } from '../../ports/job-request.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import type { HomeFacts } from '../home-facts.ts'
import type { Blocked, Plan, PlannedEvent } from '../plan.ts'
import type { ReaderAction } from './plan-reader.ts'
import type { RequestCheckpoint } from './request-checkpoint.ts'

export type RunAction =
  | { readonly kind: 'CreateJob'; readonly job: JobRequest }
  | { readonly kind: 'DeleteJob'; readonly name: string }
  | ReaderAction
  | RequestCheckpoint

/** All that one look at a run saw. */
export interface ObservedRun {
  readonly run: NeCoRun
  readonly jobs: readonly ObservedJob[]
  readonly home: HomeFacts
  /** What kept the last plan from being applied, though nothing is wrong with the run. */
  readonly blocked?: Blocked
  readonly nowMs: number
}

export type RunPlan = Plan<RunAction, RunStatus>

/** A plan in the making: what each work becomes, and what is done for it. */
export interface RunDraft {
  readonly works: readonly WorkStatus[]
  readonly actions: readonly RunAction[]
  readonly events: readonly PlannedEvent[]
  readonly facts: Partial<RunStatus>
  readonly waitMs: readonly number[]
}

/** The Job of that name, where it was seen. */
export const jobNamed = (jobs: readonly ObservedJob[], name: string): ObservedJob | undefined =>
  jobs.find((job) => job.name === name)
