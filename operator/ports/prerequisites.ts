import type { RunSpec } from '../../crds/spec/run-spec.ts'
import type { Blocker } from './blocker.ts'

export interface PrerequisiteQuery {
  readonly namespace: string
  readonly spec: RunSpec
  /** How many such runs may be live at once. */
  readonly parallelism: number
}

/** What a platform has beside the objects of the two kinds: claims, volumes, queues. */
export interface Prerequisites {
  /** Empty where pods can start. Fails with Unavailable. */
  findBlockers(query: PrerequisiteQuery): Promise<readonly Blocker[]>
  /**
   * How many evaluators run at once where a run does not say: 0 where none should run beside the
   * training. Fails with Unavailable.
   */
  findEvaluationParallelism(query: PrerequisiteQuery): Promise<number>
}
