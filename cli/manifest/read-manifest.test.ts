import { describe, expect, it } from 'vitest'
import { InputError } from '../input-error.ts'
import { parseManifestText } from './read-manifest.ts'

const SWEEP = `apiVersion: neco.dev/v1alpha1
kind: NeCoSweep
metadata:
  name: steepness
spec:
  run:
    data: { kind: Scenes, count: 8 }
    loss:
      studentSteepness: 10
  axes:
    - parameter: loss.studentSteepness
      values: [10, 100]
`

const read = (text: string, overrides: string[] = []) =>
  parseManifestText({ file: 'sweep.yaml', text, overrides })

const readErrorLines = (text: string, overrides: string[] = []): readonly string[] => {
  try {
    read(text, overrides)
  } catch (error) {
    if (error instanceof InputError) return error.lines
    throw error
  }
  return []
}

const readSweepManifest = (overrides: string[]) => {
  const manifest = read(SWEEP, overrides)
  return manifest.kind === 'NeCoSweep' ? manifest.sweep.spec : undefined
}

describe('reading a manifest', () => {
  it('returns the sweep of the file', () => {
    expect(readSweepManifest([])).toEqual({
      run: { data: { kind: 'Scenes', count: 8 }, loss: { studentSteepness: 10 } },
      axes: [{ parameter: 'loss.studentSteepness', values: [10, 100] }],
    })
  })

  const refused = [
    {
      name: 'YAML that does not parse, with line and column',
      text: SWEEP.replace('[10, 100]', '[10, 100'),
      lines: [
        'sweep.yaml:13:1: Flow sequence in block collection must be sufficiently indented and end with a ]',
      ],
    },
    {
      name: 'an unknown field with the nearest known one',
      text: SWEEP.replace('studentSteepness: 10', 'studentSteepnes: 10'),
      lines: [
        'sweep.yaml:9:24: spec.run.loss.studentSteepnes: unknown field; did you mean studentSteepness?',
      ],
    },
    {
      name: 'a wrong type',
      text: SWEEP.replace('count: 8', 'count: eight'),
      lines: [
        'sweep.yaml:7:34: spec.run.data.count: Invalid input: expected number, received string',
      ],
    },
    {
      name: 'a value out of bounds',
      text: SWEEP.replace('count: 8', 'count: 0'),
      lines: ['sweep.yaml:7:34: spec.run.data.count: Too small: expected number to be >=1'],
    },
    { name: 'an empty file', text: '', lines: ['sweep.yaml: the file is empty'] },
    {
      name: 'a key written twice',
      text: SWEEP.replace('metadata:', 'kind: NeCoSweep\nmetadata:'),
      lines: ['sweep.yaml:3:1: Map keys must be unique'],
    },
  ]
  it.each(refused)('rejects $name', ({ text, lines }) => {
    expect(readErrorLines(text)).toEqual(lines)
  })
})

describe('overrides from the command line', () => {
  it('work with or without spec. and run.', () => {
    const spec = readSweepManifest([
      'spec.parallelism=3',
      'replicates=2',
      'optimizer.steps=4',
      'run.seed=7',
      'axes[0].values=[1, 1e1]',
    ])
    expect(spec).toEqual({
      run: {
        data: { kind: 'Scenes', count: 8 },
        loss: { studentSteepness: 10 },
        optimizer: { steps: 4 },
        seed: 7,
      },
      axes: [{ parameter: 'loss.studentSteepness', values: [1, 10] }],
      parallelism: 3,
      replicates: 2,
    })
  })

  it.each([
    ['a path without a value', 'seed', '--set seed: write it as path=value'],
    [
      'an unknown start',
      'optimiser.steps=4',
      '--set optimiser.steps=4: unknown field optimiser; did you mean optimizer?',
    ],
    [
      'an item past the end',
      'axes[3].values=[1]',
      '--set axes[3].values=[1]: spec.axes has items 0 to 0',
    ],
    [
      'a path through a plain value',
      'loss.studentSteepness.x=1',
      '--set loss.studentSteepness.x=1: spec.run.loss.studentSteepness holds no fields',
    ],
  ])('reject %s', (_name, override, line) => {
    expect(readErrorLines(SWEEP, [override])).toEqual([line])
  })

  it('are validated as the file is, and named where they are wrong', () => {
    expect(readErrorLines(SWEEP, ['optimizer.stepz=4'])).toEqual([
      '--set optimizer.stepz=4: spec.run.optimizer.stepz: unknown field; did you mean steps?',
    ])
    expect(
      readErrorLines(SWEEP, ['seed=7', 'axes[0]={parameter: loss.lambda, values: [a]}']),
    ).toEqual([
      '--set axes[0]={parameter: loss.lambda, values: [a]}: spec.axes[0].values[0]: a is no loss.lambda: Invalid input: expected number, received string',
    ])
  })

  it('are named where they make another field invalid', () => {
    expect(readErrorLines(SWEEP, ['axes=[]'])).toEqual([
      '--set axes=[]: spec: an empty sweep: give axes, zip or points, or make a NeCoRun instead',
    ])
    const flags = ['references.count=8', 'loss.keptNeighbors=9']
    const text = 'keptNeighbors (K) must not exceed references.count (R)'
    expect(readErrorLines(SWEEP, flags)).toEqual([
      `--set loss.keptNeighbors=9: spec.run.loss.keptNeighbors: ${text}`,
    ])
    const retained = SWEEP.replace('studentSteepness: 10\n', 'keptNeighbors: 9\n')
    expect(readErrorLines(retained, ['seed=7', 'references.count=8'])).toEqual([
      `--set seed=7 --set references.count=8: spec.run.loss.keptNeighbors: ${text}`,
    ])
  })

  it('are not blamed for mistakes of the file', () => {
    const text = SWEEP.replace('count: 8', 'count: 0')
    expect(readErrorLines(text, ['seed=7'])).toEqual([
      'sweep.yaml:7:34: spec.run.data.count: Too small: expected number to be >=1',
    ])
    expect(readErrorLines(text, ['data.count=-1'])).toEqual([
      '--set data.count=-1: spec.run.data.count: Too small: expected number to be >=1',
    ])
  })

  it('come from --parallelism too, which a run ignores', () => {
    const of = (text: string, parallelism: string) =>
      parseManifestText({ file: 'sweep.yaml', text, overrides: [], parallelism })
    expect(of(SWEEP, '3')).toMatchObject({ sweep: { spec: { parallelism: 3 } } })
    expect(() => of(SWEEP, '20000')).toThrow(
      '--parallelism 20000: spec.parallelism: Too big: expected number to be <=10000',
    )
    expect(() => of(SWEEP.replace(/spec:.*/s, 'spec: none'), '3')).toThrow(
      '--parallelism 3: spec holds no fields',
    )
    const run = SWEEP.replace('NeCoSweep', 'NeCoRun').replace(
      /spec:.*/s,
      'spec: { data: { kind: Scenes, count: 8 } }',
    )
    expect(of(run, '3')).toMatchObject({ kind: 'NeCoRun', run: { spec: {} } })
  })
})
