import * as z from 'zod'
import { conditions } from './condition.ts'
import { API_GROUP_VERSION, SWEEP_KIND } from './names.ts'
import { ObjectMeta } from './object-meta.ts'
import { buildImmutableFieldRules, type Rule, withRules } from './rule.ts'
import { IMMUTABLE_SWEEP_FIELDS, SweepSpec } from './spec/sweep-spec.ts'

const count = z.int32().min(0)

/** One of the best points. The results of all points are on their runs. */
export const CellSummary = z.strictObject({
  point: count.describe('point is the number of the point.'),
  assignment: z.string().max(1024).describe('assignment is what the point sets, as path=value.'),
  mean: z.number().describe('mean of the objective over the replicates.'),
  deviation: z
    .number()
    .optional()
    .describe('deviation is the sample standard deviation, for two replicates or more.'),
  n: count.describe('n is the number of replicates that succeeded.'),
})

export type CellSummary = z.infer<typeof CellSummary>

export const SweepStatus = z.strictObject({
  conditions,
  observedGeneration: count
    .optional()
    .describe('observedGeneration is the generation this status reflects.'),
  points: count.optional().describe('points is the number of points.'),
  total: count.optional().describe('total is the number of runs: points × replicates.'),
  pending: count.optional().describe('pending is the number of runs not yet created.'),
  running: count.optional().describe('running is the number of live runs.'),
  succeeded: count.optional().describe('succeeded is the number of runs that succeeded.'),
  failed: count.optional().describe('failed is the number of runs that failed.'),
  failures: z.record(z.string(), count).optional().describe('failures by cause.'),
  best: z
    .array(CellSummary)
    .max(10)
    .optional()
    .describe('best lists the best points by the objective.')
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
})
export type SweepStatus = z.infer<typeof SweepStatus>

const SWEEP_NAME_MAX = 36
const fields = z.strictObject({
  apiVersion: z.literal(API_GROUP_VERSION),
  kind: z.literal(SWEEP_KIND),
  metadata: ObjectMeta,
  spec: SweepSpec.describe(
    'spec is the desired sweep: a run template, what varies in it, and its limits.',
  ),
  status: SweepStatus.optional().describe('status is the observed state, written by the operator.'),
})

const sweepRules: readonly Rule<z.infer<typeof fields>>[] = [
  {
    cel: `size(self.metadata.name) <= ${SWEEP_NAME_MAX}`,
    holds: ({ metadata }) => metadata.name.length <= SWEEP_NAME_MAX,
    message: `metadata.name must have at most ${SWEEP_NAME_MAX} characters, since names of runs and Jobs are made from it`,
  },
]
export const sweepTransitions = buildImmutableFieldRules<z.infer<typeof SweepSpec>>(
  IMMUTABLE_SWEEP_FIELDS,
  'sweep',
)

export const NeCoSweep = withRules(fields, sweepRules)
export type NeCoSweep = z.infer<typeof NeCoSweep>
