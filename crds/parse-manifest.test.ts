import { describe, expect, test } from 'vitest'
import { API_GROUP_VERSION } from './names.ts'
import { parseManifest } from './parse-manifest.ts'

const scenes = { kind: 'Scenes', count: 8 }
const pairs = [{ 'loss.studentSteepness': 10, 'loss.teacherSteepness': 100 }]

const aSweep = (spec: object): unknown => ({
  apiVersion: API_GROUP_VERSION,
  kind: 'NeCoSweep',
  metadata: { name: 'steepness' },
  spec: { run: { data: scenes }, points: pairs, ...spec },
})
const aRun = (spec: object): unknown => ({
  apiVersion: API_GROUP_VERSION,
  kind: 'NeCoRun',
  metadata: { name: 'one' },
  spec: { data: scenes, ...spec },
})
const problems = (manifest: unknown) => {
  const parsed = parseManifest(manifest)
  return parsed.ok ? [] : parsed.problems
}
const evaluation = (overrides: object) => ({
  name: 'after',
  protocols: ['InContext'],
  memory: scenes,
  validation: scenes,
  at: [1],
  ...overrides,
})

describe('a good manifest', () => {
  const good: Record<string, unknown> = {
    'a run with nothing but data': aRun({}),
    'coupled points': aSweep({}),
    'crossed axes': aSweep({ axes: [{ parameter: 'loss.lambda', values: [0, 0.25] }] }),
    'a zip of two lists': aSweep({
      points: undefined,
      zip: [
        { parameter: 'loss.studentSteepness', values: [1, 2] },
        { parameter: 'loss.teacherSteepness', values: [3, 4] },
      ],
    }),
    'a range for Sobol': aSweep({
      points: undefined,
      axes: [{ parameter: 'loss.studentSteepness', min: 1, max: 1000, scale: 'Log' }],
      search: { method: 'Sobol', count: 8 },
    }),
    'a VOC folder': aRun({ data: { kind: 'Voc', path: 'voc', split: 'train' } }),
  }
  test.each(Object.entries(good))('%s is accepted', (_, manifest) => {
    expect(problems(manifest)).toEqual([])
  })
})

describe('a bad manifest', () => {
  const bad: Record<string, [unknown, { path: string; message: string }]> = {
    'another API version': [
      { apiVersion: 'neco.dev/v2', kind: 'NeCoRun' },
      { path: 'apiVersion', message: 'expected neco.dev/v1alpha1, got "neco.dev/v2"' },
    ],
    'another kind': [
      { apiVersion: API_GROUP_VERSION, kind: 'Job' },
      { path: 'kind', message: 'expected NeCoRun or NeCoSweep, got "Job"' },
    ],
    'a mistyped field': [
      aRun({ los: {} }),
      { path: 'spec.los', message: 'unknown field; did you mean loss?' },
    ],
    'a mistyped parameter of a point': [
      aSweep({ points: [{ 'loss.studentSteepnes': 1 }] }),
      {
        path: 'spec.points[0].loss.studentSteepnes',
        message: 'unknown field; did you mean loss.studentSteepness?',
      },
    ],
    'a mistyped parameter of an axis': [
      aSweep({ axes: [{ parameter: 'loss.lamda', values: [1] }] }),
      {
        path: 'spec.axes[0].parameter',
        message: 'unknown value loss.lamda; did you mean loss.lambda?',
      },
    ],
    'a word in another case': [
      aRun({ loss: { relaxation: 'cauchy' } }),
      { path: 'spec.loss.relaxation', message: 'unknown value cauchy; did you mean Cauchy?' },
    ],
    'a word where a number belongs': [
      aRun({ loss: { lambda: 'x' } }),
      { path: 'spec.loss.lambda', message: 'Invalid input: expected number, received string' },
    ],
    'a number out of bounds': [
      aRun({ references: { count: 513 } }),
      { path: 'spec.references.count', message: 'Too big: expected number to be <=512' },
    ],
    'two axes on one path': [
      aSweep({
        axes: [
          { parameter: 'loss.lambda', values: [0] },
          { parameter: 'loss.lambda', values: [1] },
        ],
      }),
      { path: 'spec.axes[1].parameter', message: 'two axes vary the same parameter' },
    ],
    'an axis and an entry of zip on one path': [
      aSweep({
        axes: [{ parameter: 'loss.lambda', values: [0] }],
        zip: [
          { parameter: 'loss.epsilon', values: [0] },
          { parameter: 'loss.lambda', values: [1] },
        ],
      }),
      { path: 'spec.zip[1].parameter', message: 'two axes vary the same parameter' },
    ],
    'a name too long for its children': [
      { ...(aSweep({}) as object), metadata: { name: 'a'.repeat(37) } },
      {
        path: '',
        message:
          'metadata.name must have at most 36 characters, since names of runs and Jobs are made from it',
      },
    ],
    'an empty sweep': [
      aSweep({ points: undefined }),
      {
        path: 'spec',
        message: 'an empty sweep: give axes, zip or points, or make a NeCoRun instead',
      },
    ],
    'Sobol without a count': [
      aSweep({
        points: undefined,
        axes: [{ parameter: 'loss.lambda', values: [0, 1] }],
        search: { method: 'Sobol' },
      }),
      { path: 'spec.search.count', message: 'search Sobol needs count' },
    ],
    'Sobol with points': [
      aSweep({
        axes: [{ parameter: 'loss.lambda', values: [0, 1] }],
        search: { method: 'Sobol', count: 2 },
      }),
      {
        path: 'spec',
        message: 'search Sobol draws from axes; zip and points are for Grid',
      },
    ],
    'a range in a grid': [
      aSweep({ axes: [{ parameter: 'loss.lambda', min: 0, max: 1 }] }),
      {
        path: 'spec.axes',
        message:
          'a range (min, max) needs a search that samples axes, such as Random; Grid needs values',
      },
    ],
    'an axis with values and a range': [
      aSweep({ axes: [{ parameter: 'loss.lambda', values: [0], min: 0, max: 1 }] }),
      { path: 'spec.axes[0]', message: 'an axis has either values, or a range of min and max' },
    ],
    'a range upside down': [
      aSweep({ axes: [{ parameter: 'loss.lambda', min: 1, max: 0 }] }),
      {
        path: 'spec.axes[0]',
        message: 'a range needs min and max, and min must be below max',
      },
    ],
    'a logarithmic range from zero': [
      aSweep({ axes: [{ parameter: 'loss.lambda', min: 0, max: 1, scale: 'Log' }] }),
      {
        path: 'spec.axes[0]',
        message: 'scale belongs to a range, and Log needs min above 0',
      },
    ],
    'more kept neighbors than references': [
      aRun({ loss: { keptNeighbors: 9 }, references: { count: 8 } }),
      {
        path: 'spec.loss.keptNeighbors',
        message: 'keptNeighbors (K) must not exceed references.count (R)',
      },
    ],
    'foreground with registers': [
      aRun({ loss: { patches: 'Foreground' }, model: { registers: 4 } }),
      {
        path: 'spec.loss.patches',
        message:
          'patches Foreground and Background read the attention of the class token, which needs model.registers 0',
      },
    ],
    'a scale upside down': [
      aRun({ views: { localScale: [0.5, 0.1] } }),
      {
        path: 'spec.views.localScale',
        message: 'localScale is [least, greatest]: the first must not exceed the second',
      },
    ],
    'own neighbors from a queue': [
      aRun({ references: { source: 'TeacherQueue', neighbors: 'Intra' } }),
      {
        path: 'spec.references.neighbors',
        message:
          'a queue does not know its images: neighbors InterStrict and Intra need source TeacherBatch or StudentFraction',
      },
    ],
    'a fraction of the teacher': [
      aRun({ references: { source: 'TeacherBatch', fraction: 0.5 } }),
      {
        path: 'spec.references.fraction',
        message: 'fraction belongs to source StudentFraction; the others take count',
      },
    ],
    'a count of a fraction': [
      aRun({ references: { source: 'StudentFraction', count: 8 } }),
      {
        path: 'spec.references.count',
        message: 'count follows from fraction where source is StudentFraction',
      },
    ],
    'a length of no queue': [
      aRun({ references: { source: 'TeacherBatch', queueLength: 64 } }),
      {
        path: 'spec.references.queueLength',
        message: 'queueLength belongs to source TeacherQueue',
      },
    ],
    'heads that do not divide the width': [
      aRun({ model: { dim: 16, heads: 3 } }),
      { path: 'spec.model.heads', message: 'heads must divide dim' },
    ],
    'registers in DINO v1': [
      aRun({ model: { family: 'DinoV1', registers: 4 } }),
      { path: 'spec.model.registers', message: 'DinoV1 has no registers' },
    ],
    'an evaluation without masks': [
      aRun({ evaluations: [evaluation({ memory: { kind: 'ImageFolder', path: 'images' } })] }),
      {
        path: 'spec.evaluations[0]',
        message: 'memory and validation need masks: kind Scenes or Voc',
      },
    ],
    'two evaluations of one name': [
      aRun({ evaluations: [evaluation({}), evaluation({})] }),
      { path: 'spec.evaluations', message: 'each evaluation needs a name of its own' },
    ],
    'a folder without a path': [
      aRun({ data: { kind: 'ImageFolder' } }),
      { path: 'spec.data', message: 'path is required: the folder that holds the images' },
    ],
    'Scenes without a count': [
      aRun({ data: { kind: 'Scenes' } }),
      {
        path: 'spec.data',
        message: 'Scenes are drawn by code: count is required, path and volume are not allowed',
      },
    ],
    'a split of a plain folder': [
      aRun({ data: { kind: 'ImageFolder', path: 'images', split: 'train' } }),
      { path: 'spec.data', message: 'split, masks and classes belong to kind Voc' },
    ],
    'VOC without a split': [
      aRun({ data: { kind: 'Voc', path: 'voc' } }),
      {
        path: 'spec.data',
        message: 'split is required for Voc: the list of names under ImageSets/Segmentation',
      },
    ],
    'a first seed of a folder': [
      aRun({ data: { kind: 'ImageFolder', path: 'images', firstSeed: 1 } }),
      { path: 'spec.data', message: 'firstSeed belongs to kind Scenes' },
    ],
  }
  test.each(Object.entries(bad))('%s is refused by field', (_, [manifest, problem]) => {
    expect(problems(manifest)).toContainEqual(problem)
  })
})
