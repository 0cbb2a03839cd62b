import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { InputError } from '../input-error.ts'
import { parseManifestText } from './read-manifest.ts'

const path = join(import.meta.dirname, '..', '..', 'examples', 'sweep-steepness.yaml')
const text = await readFile(path, 'utf8')

/** The first error of the example with these overrides, without the flags that caused it. */
function readProblem(overrides: readonly string[]): string {
  try {
    parseManifestText({ file: 'a.yaml', text, overrides })
  } catch (error) {
    if (error instanceof InputError) return withoutFlags(error.lines[0] ?? '', overrides)
    throw error
  }
  return 'accepted'
}

/** The mistakes are in the flags: the line begins with one of them. */
function withoutFlags(line: string, overrides: readonly string[]): string {
  const flags = overrides.map((text) => `--set ${text}`)
  const head = [...flags, flags.join(' ')].find((flag) => line.startsWith(`${flag}: `))
  return head === undefined ? `no flag is named: ${line}` : line.slice(head.length + 2)
}

const point0 = 'point 0 (loss.studentSteepness=10 loss.teacherSteepness=100)'

describe('an invalid manifest is reported with its field and what is wrong', () => {
  it.each([
    [[], 'accepted'],
    [['points=[]'], 'spec: an empty sweep: give axes, zip or points, or make a NeCoRun instead'],
    [
      ['axes=[{parameter: loss.lambda, values: [0.1]}, {parameter: loss.lambda, values: [0.2]}]'],
      'spec.axes[1].parameter: two axes vary the same parameter',
    ],
    [
      ['axes=[{parameter: loss.studentSteepness, values: [1]}]'],
      'spec.points[0].loss.studentSteepness: an axis varies the same parameter',
    ],
    [
      [
        'zip=[{parameter: loss.lambda, values: [0.1, 0.2]}, {parameter: loss.epsilon, values: [0]}]',
      ],
      'spec.zip: lists of one length are needed: loss.lambda has 2, loss.epsilon has 1',
    ],
    [
      ['objective.metric=loss'],
      'spec.objective.metric: loss must not be compared across loss.studentSteepness, loss.teacherSteepness: choose an mIoU',
    ],
    [
      ['objective.metric=loss', 'points=[{optimizer.batchSize: 8}]'],
      'spec.objective.metric: loss must not be compared across optimizer.batchSize: choose an mIoU',
    ],
    [
      ['objective.metric=loss', 'points=[{loss.keptNeighbors: 8}]'],
      'spec.objective.metric: loss must not be compared across loss.keptNeighbors: choose an mIoU',
    ],
    [
      ['axes=[{parameter: loss.lamda, values: [0.1]}]'],
      'spec.axes[0].parameter: unknown value loss.lamda; did you mean loss.lambda?',
    ],
    [
      ['axes=[{parameter: loss.lambda, values: [a]}]'],
      'spec.axes[0].values[0]: a is no loss.lambda: Invalid input: expected number, received string',
    ],
    [
      ['points=[{loss.studentStepness: 3}]'],
      'spec.points[0].loss.studentStepness: unknown field; did you mean loss.studentSteepness?',
    ],
    [['replicates=0'], 'spec.replicates: Too small: expected number to be >=1'],
    [
      ['references.neighbors=Intra', 'references.count=500'],
      `spec.run.references.count: ${point0}: 500 references are more than the 36 patches of the own image (views.alignedGrid²); lower references.count`,
    ],
    [
      ['loss.keptNeighbors=40'],
      'spec.run.loss.keptNeighbors: keptNeighbors (K) must not exceed references.count (R)',
    ],
    [
      ['loss.network=Bitonik'],
      'spec.run.loss.network: unknown value Bitonik; did you mean Bitonic?',
    ],
    [['kind=NeCoSwep'], 'kind: expected NeCoRun or NeCoSweep, got "NeCoSwep"'],
  ])('%j', (overrides, line) => {
    expect(readProblem(overrides)).toBe(line)
  })
})
