import type { NeCoSweep } from '../../../crds/necosweep.ts'
import type { PlatformState } from '../platform-state.ts'
import type { BlockedReason } from '../reconcile-plan.ts'
import type { SweepAggregate } from './sweep-aggregate.ts'

/** All that a plan of a sweep depends on. */
export interface ObservedSweep {
  readonly sweep: NeCoSweep
  readonly aggregate: SweepAggregate
  /** What is wrong with the specification beyond its schema. */
  readonly problems: readonly { readonly path: string; readonly message: string }[]
  readonly platform: PlatformState
  /** Why the last plan could not be applied, though nothing is wrong with the sweep. */
  readonly blocked?: BlockedReason
  readonly nowMs: number
}
