import { SWEEP_KIND } from '../../../crds/names.ts'
import type { SchemaNode } from './random-value.ts'
import type { RandomDraws } from './seeded-draws.ts'

type SpecPerturbation = (spec: SchemaNode) => SchemaNode

const section =
  (name: string, values: SchemaNode): SpecPerturbation =>
  (spec) => ({ ...spec, [name]: { ...(spec[name] as SchemaNode | undefined), ...values } })
const both =
  (first: SpecPerturbation, second: SpecPerturbation): SpecPerturbation =>
  (spec) =>
    second(first(spec))

/**
 * Changes of a run that concern a rule, which random changes rarely hit; some satisfy the rule,
 * some break it.
 */
const RUN_PERTURBATIONS: readonly SpecPerturbation[] = [
  both(section('loss', { keptNeighbors: 40 }), section('references', { count: 36 })),
  both(section('loss', { keptNeighbors: 8 }), section('references', { count: 36 })),
  both(section('loss', { patches: 'Foreground' }), section('model', { registers: 4 })),
  both(section('loss', { patches: 'Foreground' }), section('model', { registers: 0 })),
  section('model', { dim: 96, heads: 5 }),
  section('model', { dim: 96, heads: 6 }),
  section('model', { family: 'DinoV1', registers: 2 }),
  section('model', { family: 'DinoV1', registers: 0 }),
  section('views', { globalScale: [0.9, 0.3] }),
  section('views', { localScale: [0.3, 0.3] }),
  section('views', { aspectRatio: [2, 1] }),
  section('views', { blurRadius: [0.2, 0.1] }),
  section('references', { source: 'TeacherQueue', neighbors: 'InterStrict' }),
  section('references', { source: 'TeacherBatch', neighbors: 'InterStrict' }),
  section('references', { source: 'TeacherBatch', fraction: 0.5 }),
  section('references', { source: 'StudentFraction', count: 8 }),
  section('references', { source: 'TeacherBatch', queueLength: 64 }),
  section('references', { source: 'TeacherQueue', queueLength: 64 }),
  section('pod', { volumes: [{ name: 'a', claim: 'data', path: '../up' }] }),
  section('pod', { volumes: [{ name: 'a', claim: 'data', path: 'down/here' }] }),
  section('pod', { volumes: [{ name: 'a', claim: 'data', image: 'registry.example/data' }] }),
  (spec) => {
    const [first] = (spec['evaluations'] ?? []) as SchemaNode[]
    return first === undefined ? spec : { ...spec, evaluations: [first, first] }
  },
  (spec) => {
    const [first] = (spec['evaluations'] ?? []) as SchemaNode[]
    return first === undefined ? spec : { ...spec, evaluations: [{ ...first, name: 'other' }] }
  },
]

const axis = { parameter: 'loss.lambda', values: [0.1, 0.2] }
const SWEEP_PERTURBATIONS: readonly SpecPerturbation[] = [
  (spec) => ({ ...spec, axes: [axis], zip: [axis] }),
  (spec) => ({ ...spec, axes: [axis], zip: [{ ...axis, parameter: 'loss.epsilon' }] }),
  (spec) => ({ ...spec, axes: [], points: [], zip: [] }),
  (spec) => ({ ...spec, axes: [axis], search: { method: 'Random', count: 3 } }),
  (spec) => ({ ...spec, axes: [axis], search: { method: 'Sobol' } }),
  (spec) => ({ ...spec, axes: [{ parameter: 'loss.lambda', min: 0, max: 1, scale: 'Log' }] }),
  (spec) => ({ ...spec, axes: [{ parameter: 'loss.lambda', min: 2, max: 1 }] }),
]

/** The spec with one change that concerns some rule. */
export function perturbSpec(kind: string, spec: unknown, draw: RandomDraws): unknown {
  if (kind !== SWEEP_KIND) return draw.pick(RUN_PERTURBATIONS)(spec as SchemaNode)
  if (draw.chance(0.4)) return draw.pick(SWEEP_PERTURBATIONS)(spec as SchemaNode)
  const { run, ...rest } = spec as SchemaNode
  return { ...rest, run: draw.pick(RUN_PERTURBATIONS)(run as SchemaNode) }
}
