import type { NeCoRun } from '../../../crds/necorun.ts'
import type { NeCoSweep } from '../../../crds/necosweep.ts'
import type { FieldProblem } from '../../../crds/parse-manifest.ts'
import { PARAMETERS, type Scalar } from '../../../crds/spec/parameters.ts'
import { RunSpec } from '../../../crds/spec/run-spec.ts'
import type { Axis, SweepSpec } from '../../../crds/spec/sweep-spec.ts'
import { resolve } from '../../../method/resolve.ts'
import { settingsProblems } from '../../../method/settings-problems.ts'
import type { Assignment } from '../../../search/search-method.ts'
import { applyAssignment, formatAssignment, serializeAssignment } from './assignment.ts'
import { countPoints, decodePoint } from './decode-point.ts'
import { findIncomparablePaths } from './objective.ts'

/** Later points are checked when their run is created, as are those that depend on results. */
const MAX_CHECKED_POINTS = 1000

const listNamedValues = ({ values = [], min, max }: Partial<Axis>): [string, Scalar][] => [
  ...values.map((value, i): [string, Scalar] => [`values[${i}]`, value]),
  ...(min === undefined ? [] : [['min', min] as [string, Scalar]]),
  ...(max === undefined ? [] : [['max', max] as [string, Scalar]]),
]

function findValueProblems(spec: SweepSpec): FieldProblem[] {
  const lists = [
    ...(spec.axes ?? []).map((axis, i) => ({ ...axis, at: `spec.axes[${i}]` })),
    ...(spec.zip ?? []).map((entry, i) => ({ ...entry, at: `spec.zip[${i}]` })),
  ]
  return lists.flatMap(({ at, ...axis }) =>
    listNamedValues(axis).flatMap(([name, value]) => {
      const parsed = PARAMETERS.get(axis.parameter)?.safeParse(value)
      if (parsed?.success !== false) return []
      const reason = parsed.error.issues.map(({ message }) => message).join('; ')
      return [
        { path: `${at}.${name}`, message: `${String(value)} is no ${axis.parameter}: ${reason}` },
      ]
    }),
  )
}

/** Counters of the status are 32-bit. */
const MAX_RUNS = 2 ** 31 - 1

function findSizeProblems(spec: SweepSpec): FieldProblem[] {
  const runs = countPoints(spec) * (spec.replicates ?? 1)
  if (runs <= MAX_RUNS) return []
  const message = `${runs} runs are more than ${MAX_RUNS}: set search.count, or vary less`
  return [{ path: 'spec', message }]
}

function findZipProblems({ zip = [] }: SweepSpec): FieldProblem[] {
  const lengths = zip.map(({ values }) => values.length)
  if (new Set(lengths).size <= 1) return []
  const each = zip.map(({ parameter, values }) => `${parameter} has ${values.length}`)
  return [{ path: 'spec.zip', message: `lists of one length are needed: ${each.join(', ')}` }]
}

/** A path set by a point and by an axis as well would be set twice. */
function findDuplicateProblems({ points = [], axes = [], zip = [] }: SweepSpec): FieldProblem[] {
  const varied = new Set([...axes, ...zip].map(({ parameter }) => parameter))
  return points.flatMap((point, i) =>
    Object.keys(point)
      .filter((path) => varied.has(path))
      .map((path) => ({
        path: `spec.points[${i}].${path}`,
        message: 'an axis varies the same parameter',
      })),
  )
}

function findObjectiveProblems(spec: SweepSpec): FieldProblem[] {
  const { objective, run } = spec
  if (objective === undefined) return []
  const paths = findIncomparablePaths(spec, objective)
  if (paths.length > 0) {
    const message = `${objective.metric} must not be compared across ${paths.join(', ')}: choose an mIoU`
    return [{ path: 'spec.objective.metric', message }]
  }
  const names = (run.evaluations ?? []).map(({ name }) => name)
  if (objective.evaluation === undefined || names.includes(objective.evaluation)) return []
  const message = `no evaluation of that name; known: ${names.join(', ') || 'none'}`
  return [{ path: 'spec.objective.evaluation', message }]
}

/** What is wrong with one run as the template and a point make it. */
function findSpecProblems(spec: RunSpec): readonly FieldProblem[] {
  const parsed = RunSpec.safeParse(spec)
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  }
  return settingsProblems(resolve(parsed.data))
}

/** Of the UTF-8 text of an assignment, which is an annotation of its run. */
const MAX_ASSIGNMENT_BYTES = 1024

function findAssignmentProblems(assignment: Assignment): FieldProblem[] {
  const bytes = new TextEncoder().encode(serializeAssignment(assignment)).length
  if (bytes <= MAX_ASSIGNMENT_BYTES) return []
  const message = `${bytes} bytes of parameters are more than ${MAX_ASSIGNMENT_BYTES}: set here what all points share`
  return [{ path: 'spec.run', message }]
}

function findPointProblems(spec: SweepSpec): FieldProblem[] {
  const count = Math.min(countPoints(spec), MAX_CHECKED_POINTS)
  const found: FieldProblem[] = []
  for (let number = 0; number < count && found.length < 5; number++) {
    const assignment = decodePoint(spec, number)
    if (assignment === undefined) break
    const where = `point ${number} (${formatAssignment(assignment).slice(0, 1024)})`
    const problems = [
      ...findAssignmentProblems(assignment),
      ...findSpecProblems(applyAssignment(spec.run, assignment)).map((problem) => ({
        ...problem,
        path: `spec.run.${problem.path}`,
      })),
    ]
    found.push(...problems.map(({ path, message }) => ({ path, message: `${where}: ${message}` })))
  }
  return found
}

/**
 * Checks what the schema cannot: values against their parameters, lengths, comparability, and each
 * point as a whole.
 */
export function validateSweep({ spec }: Pick<NeCoSweep, 'spec'>): FieldProblem[] {
  const sweepProblems = [
    ...findValueProblems(spec),
    ...findZipProblems(spec),
    ...findSizeProblems(spec),
    ...findDuplicateProblems(spec),
    ...findObjectiveProblems(spec),
  ]
  return sweepProblems.length > 0 ? sweepProblems : findPointProblems(spec)
}

/** Checks what the schema cannot for a run: its settings as a whole. */
export const validateRun = ({ spec }: Pick<NeCoRun, 'spec'>): FieldProblem[] =>
  findSpecProblems(spec).map(({ path, message }) => ({ path: `spec.${path}`, message }))
