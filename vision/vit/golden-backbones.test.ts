import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Comparison,
  compareDinoV1,
  compareDinoV2,
  compareDinoV3,
} from '../../test/golden/backbone-comparisons.ts'
import { FLOAT32_VIT } from '../../test/golden/float32-tolerances-vit.ts'
import { type Backend, startBackend } from '../backends/start-backend.ts'

/** What the files themselves allow in float64; their interpolation and rotation are float32. */
const FLOAT64 = { Output: 1e-11, InputGradient: 1e-11, ParameterGradient: 1e-11 }
const FILES = [
  {
    name: 'dino_v1_tiny',
    compare: compareDinoV1,
    quantities: 5,
    tolerance: { ...FLOAT64, Interpolated: 1e-11 },
  },
  {
    name: 'dinov2_reg_tiny',
    compare: compareDinoV2,
    quantities: 43,
    tolerance: { ...FLOAT64, Interpolated: 1e-6 },
  },
  {
    name: 'dinov3_tiny',
    compare: () => compareDinoV3().flat(),
    quantities: 112,
    tolerance: { Output: 1e-6, InputGradient: 1e-6, ParameterGradient: 1e-6, Interpolated: 1e-6 },
  },
] as const

const BACKENDS = [
  {
    what: 'the reference backend, in float64',
    name: 'reference',
    chooseTolerance: ({ tolerance }: (typeof FILES)[number]) => tolerance,
  },
  {
    what: 'the wasm backend, in float32',
    name: 'wasm',
    chooseTolerance: ({ name }: (typeof FILES)[number]) => FLOAT32_VIT[name],
  },
] as const

function findOutOfTolerance(
  comparisons: readonly Comparison[],
  tolerance: Readonly<Record<Comparison['kind'], number>>,
): readonly Comparison[] {
  return comparisons.filter(({ kind, difference }) => !(difference <= tolerance[kind]))
}

describe.each(BACKENDS)('$what', ({ name, chooseTolerance: toleranceOf }) => {
  let backend: Backend
  beforeAll(async () => {
    backend = await startBackend({ backend: name })
  })
  afterAll(() => backend.close())

  test.each(FILES)('gives every number of $name and leaves no tensor behind', (file) => {
    const { tensors, bytes } = backend.memory()
    const comparisons = file.compare()
    expect(comparisons.length).toBe(file.quantities)
    expect(findOutOfTolerance(comparisons, toleranceOf(file))).toEqual([])
    expect(backend.memory()).toMatchObject({ tensors, bytes })
  })
})
