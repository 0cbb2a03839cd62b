import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

/** A manifest with one mistake: what is set where in an example, who refuses it, and what is said. */
export interface BrokenManifestCase {
  readonly mistake: string
  readonly of?: 'run.yaml' | 'sweep-steepness.yaml'
  readonly set: Readonly<Record<string, unknown>>
  readonly says: string
}

const lambda = { parameter: 'loss.lambda', values: [0.1, 0.2] }
const dotted = (path: string): string => `spec.run.${path}`

/** Refused by the API server, before anything is stored. */
export const REFUSED_BY_SERVER: readonly BrokenManifestCase[] = [
  {
    mistake: 'an unknown field of the sweep',
    set: { 'spec.paralelism': 2 },
    says: 'unknown field "spec.paralelism"',
  },
  {
    mistake: 'an unknown field of the loss',
    set: { [dotted('loss')]: { lamda: 1 } },
    says: 'unknown field "spec.run.loss.lamda"',
  },
  {
    mistake: 'an unknown field of a run',
    of: 'run.yaml',
    set: { 'spec.evals': [] },
    says: 'unknown field "spec.evals"',
  },
  {
    mistake: 'an unknown parameter of a point',
    set: { 'spec.points': [{ 'loss.stepness': 1 }] },
    says: 'unknown field "spec.points[0].loss.stepness"',
  },
  {
    mistake: 'an unknown parameter of an axis',
    set: { 'spec.axes': [{ parameter: 'loss.lamda', values: [1] }] },
    says: 'Unsupported value: "loss.lamda"',
  },
  {
    mistake: 'an unknown network',
    set: { [dotted('loss')]: { network: 'Bitonik' } },
    says: 'Unsupported value: "Bitonik"',
  },
  {
    mistake: 'an unknown preset',
    of: 'run.yaml',
    set: { 'spec.preset': 'official' },
    says: 'Unsupported value: "official"',
  },
  {
    mistake: 'a word for a number',
    set: { [dotted('seed')]: 'seven' },
    says: 'must be of type integer',
  },
  { mistake: 'no replicates', set: { 'spec.replicates': 0 }, says: 'greater than or equal to 1' },
  {
    mistake: 'a negative parallelism',
    set: { 'spec.parallelism': -1 },
    says: 'greater than or equal to 0',
  },
  {
    mistake: 'a fraction of the schedule beyond its end',
    set: { 'spec.run.evaluations.0.at': [2] },
    says: 'less than or equal to 1',
  },
  { mistake: 'no data', of: 'run.yaml', set: { 'spec.data': undefined }, says: 'Required value' },
  {
    mistake: 'no template',
    set: { 'spec.run': undefined },
    says: 'spec.run: Required value',
  },
  {
    mistake: 'a name of an evaluation in capitals',
    set: { 'spec.run.evaluations.0.name': 'Scenes' },
    says: 'should match',
  },
  {
    mistake: 'an amount of memory nobody can read',
    set: { [dotted('pod')]: { resources: { limits: { memory: 'much' } } } },
    says: 'should match',
  },
  {
    mistake: 'a field of pods that is not offered',
    set: { [dotted('pod')]: { hostNetwork: true } },
    says: 'unknown field "spec.run.pod.hostNetwork"',
  },
  {
    mistake: 'an empty sweep',
    set: { 'spec.points': [] },
    says: 'an empty sweep: give axes, zip or points, or make a NeCoRun instead',
  },
  {
    mistake: 'an axis without values or range',
    set: { 'spec.axes': [{ parameter: 'loss.lambda' }] },
    says: 'must validate one and only one schema (oneOf)',
  },
  {
    mistake: 'a range turned round',
    set: {
      'spec.points': undefined,
      'spec.search': { method: 'Random', count: 2 },
      'spec.axes': [{ parameter: 'loss.lambda', min: 1, max: 0 }],
    },
    says: 'a range needs min and max, and min must be below max',
  },
  {
    mistake: 'a range in a grid',
    set: { 'spec.axes': [{ parameter: 'loss.lambda', min: 0, max: 1 }] },
    says: 'a range (min, max) needs a search that samples axes, such as Random; Grid needs values',
  },
  {
    mistake: 'a logarithmic range from zero',
    set: {
      'spec.points': undefined,
      'spec.search': { method: 'Sobol', count: 2 },
      'spec.axes': [{ parameter: 'loss.lambda', min: 0, max: 1, scale: 'Log' }],
    },
    says: 'scale belongs to a range, and Log needs min above 0',
  },
  {
    mistake: 'a random search without a count',
    set: { 'spec.points': undefined, 'spec.axes': [lambda], 'spec.search': { method: 'Random' } },
    says: 'search Random needs count',
  },
  {
    mistake: 'a random search over points',
    set: { 'spec.search': { method: 'Random', count: 2 } },
    says: 'search Random draws from axes; zip and points are for Grid',
  },
  {
    mistake: 'one parameter on an axis and in zip',
    set: { 'spec.axes': [lambda], 'spec.zip': [lambda] },
    says: 'two axes vary the same parameter',
  },
  {
    mistake: 'K above R',
    set: { [dotted('loss')]: { keptNeighbors: 40 } },
    says: 'keptNeighbors (K) must not exceed references.count (R)',
  },
  {
    mistake: 'Scenes with a path',
    set: { [dotted('data')]: { kind: 'Scenes', count: 8, path: 'pictures' } },
    says: 'Scenes are drawn by code: count is required, path and volume are not allowed',
  },
  {
    mistake: 'a folder without its path',
    set: { [dotted('data')]: { kind: 'ImageFolder' } },
    says: 'path is required: the folder that holds the images',
  },
  {
    mistake: 'VOC without a split',
    set: { [dotted('data')]: { kind: 'Voc', path: 'VOC2012' } },
    says: 'split is required for Voc',
  },
  {
    mistake: 'an evaluation without masks',
    set: { 'spec.run.evaluations.0.memory': { kind: 'ImageFolder', path: 'pictures' } },
    says: 'memory and validation need masks: kind Scenes or Voc',
  },
  {
    mistake: 'heads that do not divide the dimension',
    set: { [dotted('model')]: { dim: 96, heads: 5 } },
    says: 'heads must divide dim',
  },
  {
    mistake: 'a scale turned round',
    set: { [dotted('views')]: { globalScale: [1, 0.25] } },
    says: 'globalScale is [least, greatest]: the first must not exceed the second',
  },
  {
    mistake: 'a queue that should know its images',
    set: { [dotted('references')]: { source: 'TeacherQueue', neighbors: 'Intra' } },
    says: 'a queue does not know its images',
  },
  {
    mistake: 'a volume that is two things',
    set: { [dotted('pod')]: { volumes: [{ name: 'a', claim: 'b', image: 'c' }] } },
    says: 'a volume is either a claim or an image',
  },
  {
    mistake: 'a name that is too long for its Jobs',
    set: { 'metadata.name': 'a-name-of-a-sweep-that-is-much-too-long' },
    says: 'metadata.name must have at most 36 characters',
  },
]

/** Stored, and then not accepted by the operator, before anything is made of it. */
export const REFUSED_BY_OPERATOR: readonly BrokenManifestCase[] = [
  {
    mistake: 'a value that its parameter does not take',
    set: { 'spec.axes': [{ parameter: 'loss.lambda', values: ['many'] }] },
    says: 'spec.axes[0].values[0]: many is no loss.lambda',
  },
  {
    mistake: 'lists of two lengths in zip',
    set: {
      'spec.zip': [
        { parameter: 'loss.lambda', values: [0.1, 0.2] },
        { parameter: 'loss.epsilon', values: [0] },
      ],
    },
    says: 'spec.zip: lists of one length are needed',
  },
  {
    mistake: 'a loss that ranks what it cannot compare',
    set: { 'spec.objective': { metric: 'loss' } },
    says: 'spec.objective.metric: loss must not be compared across',
  },
  {
    mistake: 'an objective from an evaluation that is not there',
    set: { 'spec.objective': { metric: 'inContextMiou', evaluation: 'voc' } },
    says: 'spec.objective.evaluation: no evaluation of that name',
  },
  {
    mistake: 'a parameter in points and on an axis',
    set: { 'spec.axes': [{ parameter: 'loss.studentSteepness', values: [1] }] },
    says: 'spec.points[0].loss.studentSteepness: an axis varies the same parameter',
  },
  {
    mistake: 'more references than an image has patches',
    of: 'run.yaml',
    set: { 'spec.references': { source: 'TeacherBatch', neighbors: 'Intra', count: 500 } },
    says: 'spec.references.count: 500 references are more than',
  },
]

type Tree = Record<string, unknown>

function setAt(tree: unknown, [name = '', ...rest]: readonly string[], value: unknown): unknown {
  const isList = Array.isArray(tree)
  const old = (tree as Tree | undefined)?.[name]
  const next = rest.length === 0 ? value : setAt(old, rest, value)
  if (isList) return tree.with(Number(name), next)
  return { ...(tree as Tree | undefined), [name]: next }
}

const examples = join(import.meta.dirname, '..', '..', '..', 'examples')

/** The example with the mistake in it; a field set to undefined is left out. */
export function brokenManifest({ of = 'sweep-steepness.yaml', set }: BrokenManifestCase): Tree {
  const example: unknown = parse(readFileSync(join(examples, of), 'utf8'))
  const broken = Object.entries(set).reduce(
    (tree, [path, value]) => setAt(tree, splitPath(path), value),
    example,
  )
  return JSON.parse(JSON.stringify(broken)) as Tree
}

const splitPath = (path: string): string[] => path.split('.')
