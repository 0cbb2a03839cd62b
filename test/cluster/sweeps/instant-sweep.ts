import { API_GROUP_VERSION, SWEEP_KIND } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { NeCoSweep } from '../../../crds/necosweep.ts'
import { findCondition } from '../../../operator/core/conditions.ts'
import { readRunIndex } from '../../../operator/core/sweep/build-sweep-run.ts'

interface SweepSize {
  readonly name: string
  readonly points: number
  readonly replicates: number
  readonly parallelism: number
}

const scenes = { kind: 'Scenes' as const, count: 4 }

/**
 * A sweep over one parameter with an evaluation at the end of each run, for pods that follow a
 * script.
 */
export const instantSweep = ({ name, points, replicates, parallelism }: SweepSize): NeCoSweep => ({
  apiVersion: API_GROUP_VERSION,
  kind: SWEEP_KIND,
  metadata: { name },
  spec: {
    axes: [
      {
        parameter: 'loss.studentSteepness',
        values: Array.from({ length: points }, (_, i) => i + 1),
      },
    ],
    replicates,
    parallelism,
    objective: { metric: 'inContextMiou' },
    run: {
      data: scenes,
      evaluations: [
        { name: 'quality', protocols: ['InContext'], memory: scenes, validation: scenes, at: [1] },
      ],
    },
  },
})

/** The outcome of a run, without times and nodes. */
export interface SweepRunRow {
  readonly point: number
  readonly replicate: number
  readonly verdict: string | undefined
  readonly metrics: Readonly<Record<string, number>>
  readonly found: readonly unknown[]
  /** Attempts of each task, and the causes of retries. */
  readonly tasks: readonly unknown[]
}

function toSweepRunRow(run: NeCoRun): SweepRunRow {
  const { conditions, metrics = {}, evaluations = [], tasks = [] } = run.status ?? {}
  const { point = -1, replicate = -1 } = readRunIndex(run) ?? {}
  return {
    point,
    replicate,
    verdict: findCondition(conditions, 'Ready')?.reason,
    metrics,
    found: evaluations.map(({ name, at, metrics }) => ({ name, at, metrics })),
    tasks: tasks.map(({ name, attempt, state, retries }) => ({ name, attempt, state, retries })),
  }
}

/** The runs of a sweep, point by point. */
export const toSweepRunTable = (runs: readonly NeCoRun[]): readonly SweepRunRow[] =>
  runs.map(toSweepRunRow).sort((a, b) => a.point - b.point || a.replicate - b.replicate)
