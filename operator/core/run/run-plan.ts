import type { NeCoRun, RunStatus, TaskStatus } from '../../../crds/necorun.ts'
import type { JobRequest } from '../../ports/job-request.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import type { PlatformState } from '../platform-state.ts'
import type { BlockedReason, PlannedEvent, ReconcilePlan } from '../reconcile-plan.ts'
import type { RequestCheckpointAction } from './plan-checkpoint-request.ts'
import type { ReaderAction } from './plan-reader.ts'

export type RunAction =
  | { readonly kind: 'CreateJob'; readonly job: JobRequest }
  | { readonly kind: 'DeleteJob'; readonly name: string }
  | ReaderAction
  | RequestCheckpointAction

/** All that one look at a run saw. */
export interface ObservedRun {
  readonly run: NeCoRun
  readonly jobs: readonly ObservedJob[]
  readonly platform: PlatformState
  /** What kept the last plan from being applied, though nothing is wrong with the run. */
  readonly blocked?: BlockedReason
  readonly nowMs: number
}

export type RunPlan = ReconcilePlan<RunAction, RunStatus>

/** A plan in the making: what each work becomes, and what is done for it. */
export interface RunPlanDraft {
  readonly tasks: readonly TaskStatus[]
  readonly actions: readonly RunAction[]
  readonly events: readonly PlannedEvent[]
  readonly statusPatch: Partial<RunStatus>
  readonly waitMs: readonly number[]
}

/** The Job of that name, where it was seen. */
export const findJobByName = (
  jobs: readonly ObservedJob[],
  name: string,
): ObservedJob | undefined => jobs.find((job) => job.name === name)
