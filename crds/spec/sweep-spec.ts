import * as z from 'zod'
import { METRIC_NAMES } from '../../method/metrics.ts'
import { type Rule, withRules } from '../rule.ts'
import { PARAMETER_PATHS, PARAMETERS, type Scalar } from './parameters.ts'
import { RunSpec } from './run-spec.ts'
import { buildSearchRules, RANGE_METHODS, SearchSpec } from './search-spec.ts'

/**
 * Untyped in the CRD (a number, a string or a boolean); validate-sweep checks it against the schema
 * of its parameter.
 */
const AnyScalar = z
  .custom<Scalar>((value) => ['string', 'number', 'boolean'].includes(typeof value), {
    error: 'expected a number, a word, true or false',
  })
  .meta({ 'x-kubernetes-preserve-unknown-fields': true })

const ParameterPath = z
  .enum(PARAMETER_PATHS as [string, ...string[]])
  .describe('parameter is the path of a setting in the run, such as loss.studentSteepness.')

const axisFields = {
  parameter: ParameterPath,
  values: z
    .array(AnyScalar)
    .min(1)
    .max(1000)
    .optional()
    .describe('values of the parameter; an axis has either values, or a range of min and max.')
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
}
const plainAxis = z.strictObject({
  ...axisFields,
  min: z.number().optional().describe(`min is the least value, for search ${RANGE_METHODS}.`),
  max: z.number().optional().describe(`max is the greatest value, for search ${RANGE_METHODS}.`),
  scale: z.enum(['Linear', 'Log']).optional().describe('scale of the range; Linear when left out.'),
})
type PlainAxis = z.infer<typeof plainAxis>

const axisRules: readonly Rule<PlainAxis>[] = [
  {
    cel: 'has(self.min) == has(self.max) && (!has(self.min) || self.min < self.max)',
    holds: ({ min, max }) =>
      (min === undefined) === (max === undefined) && (min === undefined || min < (max ?? 0)),
    message: 'a range needs min and max, and min must be below max',
  },
  {
    cel: "!has(self.scale) || (has(self.min) && (self.scale == 'Linear' || self.min > 0.0))",
    holds: ({ scale, min }) =>
      scale === undefined || (min !== undefined && (scale === 'Linear' || min > 0)),
    message: 'scale belongs to a range, and Log needs min above 0',
  },
]

/**
 * CEL cannot see a list whose items have no type, so the schema tells the server that exactly one
 * of both is set.
 */
const ONE_VALUE_SOURCE = { oneOf: [{ required: ['values'] }, { required: ['min'] }] }
const sourcedAxis = plainAxis
  .refine(
    ({ values, min, max }) => (values !== undefined) !== (min !== undefined || max !== undefined),
    { error: 'an axis has either values, or a range of min and max' },
  )
  .meta(ONE_VALUE_SOURCE)
export const Axis = withRules(sourcedAxis, axisRules)
export type Axis = z.infer<typeof Axis>

/** The path is the key of the list: two entries on one path are refused. */
const LIST_MAP_BY_PARAMETER = {
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['parameter'],
}

const Zip = z.strictObject({
  ...axisFields,
  values: axisFields.values
    .unwrap()
    .describe('values of the parameter, as many as the other lists of zip have.'),
})

const parameterFields = Object.fromEntries(
  [...PARAMETERS].map(([path, schema]) => [path, schema.optional()]),
)
/** One coupled assignment: paths to values, each checked against the schema of its parameter. */
const Point = z
  .strictObject(parameterFields)
  .describe('a point assigns several parameters at once, by path.')

const budget = z.int32().min(0).max(1_000_000).optional()
const FailureBudget = z
  .strictObject({
    userError: budget.describe('userError is how many runs may fail because their input is wrong.'),
    infrastructure: budget.describe(
      'infrastructure is how many runs may fail because storage, network or nodes fail or a deadline passes.',
    ),
    disruption: budget.describe(
      'disruption is how many runs may fail because they are preempted or drained.',
    ),
    infeasible: budget.describe(
      'infeasible is how many runs may fail because they do not fit the device or their loss is not finite.',
    ),
    unexpected: budget.describe(
      'unexpected is how many runs may fail for a reason nobody foresaw.',
    ),
  })
  .describe(
    'failureBudget by cause: one more failed run than allowed fails the sweep. A cause left out has no limit.',
  )

const plainSweepSpec = z.strictObject({
  run: RunSpec.describe('run is the template of every run.'),
  axes: z
    .array(plainAxis)
    .max(12)
    .optional()
    .describe('axes are crossed with each other, with zip and with points.')
    .meta(LIST_MAP_BY_PARAMETER),
  zip: z
    .array(Zip)
    .max(12)
    .optional()
    .describe(
      'zip varies several parameters together: the first values, then the second, …; lists of one length.',
    )
    .meta(LIST_MAP_BY_PARAMETER),
  points: z
    .array(Point)
    .max(1000)
    .optional()
    .describe('points are explicit coupled assignments.')
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  search: SearchSpec.optional(),
  parallelism: z
    .int32()
    .min(0)
    .max(10_000)
    .optional()
    .describe('parallelism is how many runs may be live at once; 1 when left out.'),
  replicates: z
    .int32()
    .min(1)
    .max(100)
    .optional()
    .describe('replicates of each point: replicate r trains with seed + r. 1 when left out.'),
  failureBudget: FailureBudget.optional(),
  objective: z
    .strictObject({
      metric: z
        .enum(METRIC_NAMES as unknown as [string, ...string[]])
        .describe('metric that ranks the points.'),
      evaluation: z
        .string()
        .max(32)
        .optional()
        .describe('evaluation is the name of the entry it is taken from, where several give it.'),
    })
    .optional()
    .describe('objective ranks the points by a measure that may be compared across them.'),
  suspend: z
    .boolean()
    .optional()
    .describe('suspend stops every run after a checkpoint and starts no new one.'),
})
type PlainSweepSpec = z.infer<typeof plainSweepSpec>

const emptySweepRule: Rule<PlainSweepSpec> = {
  cel: '(has(self.axes) && size(self.axes) > 0) || (has(self.zip) && size(self.zip) > 0) || (has(self.points) && size(self.points) > 0)',
  holds: ({ axes = [], zip = [], points = [] }) => axes.length + zip.length + points.length > 0,
  message: 'an empty sweep: give axes, zip or points, or make a NeCoRun instead',
}

/** The first axis, or entry of zip, whose parameter an earlier one varies. */
function findRepeatedParameter({
  axes = [],
  zip = [],
}: PlainSweepSpec): readonly PropertyKey[] | undefined {
  const entries = [
    ...axes.map(({ parameter }, i) => ({ parameter, place: ['axes', i, 'parameter'] })),
    ...zip.map(({ parameter }, i) => ({ parameter, place: ['zip', i, 'parameter'] })),
  ]
  const parameters = entries.map(({ parameter }) => parameter)
  return entries.find(({ parameter }, at) => parameters.indexOf(parameter) < at)?.place
}

const uniqueParametersRule: Rule<PlainSweepSpec> = {
  cel: '(!has(self.axes) || self.axes.all(a, self.axes.exists_one(o, o.parameter == a.parameter))) && (!has(self.zip) || self.zip.all(a, self.zip.exists_one(o, o.parameter == a.parameter) && (!has(self.axes) || !self.axes.exists(o, o.parameter == a.parameter))))',
  holds: (spec) => findRepeatedParameter(spec) === undefined,
  message: 'two axes vary the same parameter',
  locate: (spec) => findRepeatedParameter(spec) ?? [],
}

export const SweepSpec = withRules(
  plainSweepSpec.extend({
    axes: z
      .array(Axis)
      .max(12)
      .optional()
      .describe('axes are crossed with each other, with zip and with points.')
      .meta(LIST_MAP_BY_PARAMETER),
  }),
  [emptySweepRule, ...buildSearchRules(), uniqueParametersRule],
)
export type SweepSpec = z.infer<typeof SweepSpec>

/** The fields of a sweep that may be edited while it lives. */
const MUTABLE_SWEEP_FIELDS = ['parallelism', 'suspend', 'failureBudget'] as const
export const IMMUTABLE_SWEEP_FIELDS = Object.keys(plainSweepSpec.shape).filter(
  (field) => !(MUTABLE_SWEEP_FIELDS as readonly string[]).includes(field),
)
