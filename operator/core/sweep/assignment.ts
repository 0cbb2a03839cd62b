import { ANNOTATIONS } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { RunSpec } from '../../../crds/spec/run-spec.ts'
import type { SweepSpec } from '../../../crds/spec/sweep-spec.ts'
import { withValueAt } from '../../../method/merge-settings.ts'
import type { Assignment } from '../../../search/search-method.ts'
import { decodePoint } from './decode-point.ts'

/** The template with the values of a point laid over it. */
export const applyAssignment = (template: RunSpec, assignment: Assignment): RunSpec =>
  Object.entries(assignment).reduce(
    (spec, [path, value]) => withValueAt(spec, path, value),
    template,
  )

/** For people: `loss.lambda=0.5 loss.network=Bitonic`. */
export const formatAssignment = (assignment: Assignment): string =>
  Object.entries(assignment)
    .map(([path, value]) => `${path}=${value}`)
    .join(' ')

/** For the annotation of a run: one line of JSON. */
export const serializeAssignment = (assignment: Assignment): string => JSON.stringify(assignment)

const isParameterValue = (value: unknown): boolean =>
  ['string', 'number', 'boolean'].includes(typeof value)

const isAssignment = (value: unknown): value is Assignment =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every(isParameterValue)

function parseAssignment(text: string): Assignment | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isAssignment(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The assignment recorded on a run; undefined where none is, or where it does not parse. */
export function readRecordedAssignment({ metadata }: NeCoRun): Assignment | undefined {
  const text = metadata.annotations?.[ANNOTATIONS.assignment]
  return text === undefined ? undefined : parseAssignment(text)
}

/** What the point of a run sets: as recorded on the run, else decoded from its number. */
export const readAssignment = (run: NeCoRun, spec: SweepSpec, point: number): Assignment =>
  readRecordedAssignment(run) ?? decodePoint(spec, point) ?? {}
