import { grads, memory, type Scalar, setBackend, type Tensor, tidy } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Backend, startBackend } from '../../vision/backends/start-backend.ts'
import { dot } from '../../vision/ops/arithmetic.ts'
import { readTensorValues, toTensor } from '../../vision/ops/tensor-values.ts'
import type { ParityCase } from './parity-case.ts'
import { parityCases } from './parity-cases.ts'

/** Where the value is a copy, its gradient may still be a sum of a few terms. */
const GRADIENT_ROUNDINGS = 8

interface Result {
  readonly value: ArrayLike<number>
  readonly gradients: readonly ArrayLike<number>[]
}

let reference: Backend | undefined

beforeAll(async () => {
  reference = await startBackend({ backend: 'reference' })
})

afterAll(() => reference?.close())

/** Numbers in [−1, 1) that float32 holds exactly, from a small fixed generator. */
function numbers(count: number, seed: number): Float32Array {
  let state = (seed * 2654435761) >>> 0
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 374761393) >>> 0
    return (state >>> 8) / 2 ** 23 - 1
  })
}

const countElements = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

/** The value, and the gradients of Σ weights·value with fixed weights. */
async function evaluate(entry: ParityCase, name: string, inputs: readonly ArrayLike<number>[]) {
  await setBackend(name)
  const before = memory().numTensors
  const result = inScope(entry, inputs)
  expect(memory().numTensors, 'tensors left over').toBe(before)
  return result
}

function inScope(entry: ParityCase, inputs: readonly ArrayLike<number>[]): Result {
  const result = { value: [] as ArrayLike<number>, gradients: [] as ArrayLike<number>[] }
  tidy(() => {
    const tensors = inputs.map((values, i) => toTensor(values, entry.shapes[i] ?? []))
    const run = (list: readonly Tensor[]): Tensor =>
      entry.run(...(list as unknown as [Tensor, Tensor, Tensor]))
    const y = run(tensors)
    result.value = readTensorValues(y)
    const weights = toTensor(numbers(y.size, 99), y.shape)
    const gradients = grads((...xs) => dot(run(xs), weights) as Scalar)(tensors)
    result.gradients = gradients.map(readTensorValues)
    return []
  })
  return result
}

const known = new Map<ParityCase, Result>()

/** The float64 result, computed once for both forms of the kernels. */
async function computeExpected(entry: ParityCase): Promise<Result> {
  const result =
    known.get(entry) ?? (await evaluate(entry, 'neco-reference', generateInputs(entry)))
  known.set(entry, result)
  return result
}

function generateInputs(entry: ParityCase): Float32Array[] {
  return entry.shapes.map((shape, i) => numbers(countElements(shape), i + 1))
}

/** The largest difference in units of 2⁻²⁴ · the largest element; NaN if any is NaN. */
function roundingsBetween(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length)
  let difference = 0
  let largest = Number.MIN_VALUE
  for (let i = 0; i < expected.length; i++) {
    const reference = expected[i] as number
    const distance = Math.abs((found[i] as number) - reference)
    difference = Math.max(difference, distance)
    largest = Math.max(largest, Math.abs(reference))
  }
  return difference === 0 ? 0 : difference / largest / 2 ** -24
}

describe.each(['relaxed', 'simd'] as const)(
  '%s float32 kernels against float64 loops',
  (variant) => {
    let wasm: Backend | undefined

    beforeAll(async () => {
      wasm = await startBackend({ backend: 'wasm', variant })
    })

    afterAll(() => wasm?.close())

    test.each(parityCases)('$name', async (entry) => {
      const inputs = generateInputs(entry)
      const expected = await computeExpected(entry)
      const found = await evaluate(entry, 'neco-wasm', inputs)
      const worst = {
        value: roundingsBetween(found.value, expected.value),
        gradients: found.gradients.map((g, i) => roundingsBetween(g, expected.gradients[i] ?? [])),
      }
      expect(worst.value).toBeLessThanOrEqual(entry.roundings)
      for (const gradient of worst.gradients)
        expect(gradient).toBeLessThanOrEqual(Math.max(entry.roundings, GRADIENT_ROUNDINGS))
    })
  },
)

/** Differences are taken element by element: the large shapes would only take time. */
function isSmall({ shapes }: ParityCase): boolean {
  return shapes.reduce((total, shape) => total + countElements(shape), 0) < 5000
}

describe('gradients in float64 against central differences', () => {
  const step = 1e-5
  test.each(parityCases.filter(isSmall))('$name', async (entry) => {
    const inputs = generateInputs(entry).map((values) => Float64Array.from(values))
    const { gradients } = await evaluate(entry, 'neco-reference', inputs)
    for (const [which, values] of inputs.entries()) {
      const weighted = (index: number, shift: number): number => {
        const moved = values.slice()
        moved[index] = (moved[index] as number) + shift
        const { value } = inScope(entry, inputs.toSpliced(which, 1, moved))
        const weights = numbers(value.length, 99)
        return weights.reduce((total, weight, i) => total + weight * (value[i] as number), 0)
      }
      const stride = Math.max(1, Math.floor(values.length / 6))
      for (let index = 0; index < values.length; index += stride) {
        const slope = (weighted(index, step) - weighted(index, -step)) / (2 * step)
        expect(gradients[which]?.[index]).toBeCloseTo(slope, 6)
      }
    }
  })
})
