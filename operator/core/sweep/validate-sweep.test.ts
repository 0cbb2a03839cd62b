import { describe, expect, test } from 'vitest'
import type { SweepSpec } from '../../../crds/spec/sweep-spec.ts'
import { validateRun, validateSweep } from './validate-sweep.ts'

const data = { kind: 'Scenes', count: 4 } as const
const problems = (overrides: object) =>
  validateSweep({ spec: { run: { data }, ...overrides } as SweepSpec })

describe('a sweep is refused by field', () => {
  const cases: Record<string, [object, { path: string; message: string }[]]> = {
    'a value its parameter does not take': [
      { axes: [{ parameter: 'loss.network', values: ['Bitonic', 'Quick'] }] },
      [
        {
          path: 'spec.axes[0].values[1]',
          message: 'Quick is no loss.network: Invalid option: expected one of "Bitonic"|"OddEven"',
        },
      ],
    ],
    'a number out of the bounds of its parameter': [
      { zip: [{ parameter: 'references.count', values: [1] }] },
      [
        {
          path: 'spec.zip[0].values[0]',
          message: '1 is no references.count: Too small: expected number to be >=2',
        },
      ],
    ],
    'a range beyond the bounds of its parameter': [
      {
        axes: [{ parameter: 'loss.lambda', min: 0.5, max: 1.5 }],
        search: { method: 'Sobol', count: 4 },
      },
      [
        {
          path: 'spec.axes[0].max',
          message: '1.5 is no loss.lambda: Too big: expected number to be <=1',
        },
      ],
    ],
    'a range of words': [
      {
        axes: [{ parameter: 'loss.teacher', min: 0, max: 1 }],
        search: { method: 'Random', count: 4 },
      },
      ['min', 'max'].map((end, value) => ({
        path: `spec.axes[0].${end}`,
        message: `${value} is no loss.teacher: Invalid option: expected one of "Ema"|"None"`,
      })),
    ],
    'more runs than can be counted': [
      {
        axes: ['loss.lambda', 'loss.epsilon', 'optimizer.momentum', 'model.dropPathRate'].map(
          (parameter) => ({ parameter, values: Array.from({ length: 300 }, (_, i) => i * 1e-4) }),
        ),
      },
      [
        {
          path: 'spec',
          message: '8100000000 runs are more than 2147483647: set search.count, or vary less',
        },
      ],
    ],
    'a zip of unequal lengths': [
      {
        zip: [
          { parameter: 'loss.lambda', values: [0, 1] },
          { parameter: 'loss.studentSteepness', values: [1] },
        ],
      },
      [
        {
          path: 'spec.zip',
          message: 'lists of one length are needed: loss.lambda has 2, loss.studentSteepness has 1',
        },
      ],
    ],
    'a point and an axis on one path': [
      { points: [{ 'loss.lambda': 0 }], axes: [{ parameter: 'loss.lambda', values: [1] }] },
      [{ path: 'spec.points[0].loss.lambda', message: 'an axis varies the same parameter' }],
    ],
    'an objective on the loss across neighbors': [
      {
        axes: [{ parameter: 'loss.keptNeighbors', values: [4, 8] }],
        objective: { metric: 'loss' },
      },
      [
        {
          path: 'spec.objective.metric',
          message: 'loss must not be compared across loss.keptNeighbors: choose an mIoU',
        },
      ],
    ],
    'an objective on the loss across batch sizes': [
      {
        axes: [{ parameter: 'optimizer.batchSize', values: [4, 8] }],
        objective: { metric: 'loss' },
      },
      [
        {
          path: 'spec.objective.metric',
          message: 'loss must not be compared across optimizer.batchSize: choose an mIoU',
        },
      ],
    ],
    'an objective on the loss across presets': [
      {
        axes: [{ parameter: 'preset', values: ['Official', 'Paper'] }],
        objective: { metric: 'loss' },
      },
      [
        {
          path: 'spec.objective.metric',
          message: 'loss must not be compared across preset: choose an mIoU',
        },
      ],
    ],
    'an objective of an unknown evaluation': [
      {
        axes: [{ parameter: 'loss.lambda', values: [0] }],
        objective: { metric: 'linearMiou', evaluation: 'quality' },
      },
      [{ path: 'spec.objective.evaluation', message: 'no evaluation of that name; known: none' }],
    ],
    'a point that is too long to be recorded on its run': [
      {
        run: { data: { kind: 'ImageFolder', volume: 'images' } },
        points: [{ 'data.path': 'x'.repeat(1024) }],
      },
      [
        {
          path: 'spec.run',
          message: `point 0 (data.path=${'x'.repeat(1014)}): 1040 bytes of parameters are more than 1024: set here what all points share`,
        },
      ],
    ],
    'a point whose settings cannot run together': [
      { axes: [{ parameter: 'loss.keptNeighbors', values: [49, 64] }] },
      [
        {
          path: 'spec.run.loss.keptNeighbors',
          message: 'point 1 (loss.keptNeighbors=64): K = 64 is more than the 49 references',
        },
      ],
    ],
  }
  test.each(Object.entries(cases))('%s', (_, [overrides, expected]) => {
    expect(problems(overrides)).toEqual(expected)
  })
})

test('an objective on the loss across seeds alone, or on mIoU across anything, is accepted', () => {
  const across = (parameter: string, metric: string) =>
    problems({ axes: [{ parameter, values: [1, 2] }], objective: { metric } })
  expect(across('model.initSeed', 'loss')).toEqual([])
  expect(across('loss.studentSteepness', 'inContextMiou')).toEqual([])
})

test('a run is refused by field as well', () => {
  expect(validateRun({ spec: { data, loss: { keptNeighbors: 50 } } })).toEqual([
    { path: 'spec.loss.keptNeighbors', message: 'K = 50 is more than the 49 references' },
  ])
})
