import { grad, type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gelu, geluDerivative } from '../backends/reference/activations.ts'
import { type Backend, startBackend } from '../backends/start-backend.ts'
import { adamwStep } from './adamw-step.ts'
import { sum } from './arithmetic.ts'
import { emaStep } from './ema-step.ts'
import { linear } from './linear.ts'
import { readTensorValues, toTensor, toVariable } from './tensor-values.ts'

let backend: Backend | undefined

beforeAll(async () => {
  backend = await startBackend({ backend: 'wasm' })
})

afterAll(() => backend?.close())

/** Every 1/2048 from −8 to 8. */
const grid = Float32Array.from({ length: 32_769 }, (_, i) => (i - 16_384) / 2048)

function geluOnGrid(): { values: ArrayLike<number>; slopes: ArrayLike<number> } {
  const result = { values: [] as ArrayLike<number>, slopes: [] as ArrayLike<number> }
  tidy(() => {
    const x = toTensor(grid, [grid.length, 1])
    const run = (input: Tensor): Tensor =>
      linear(input, { weight: toTensor([1], [1, 1]), activation: 'Gelu' })
    result.values = readTensorValues(run(x))
    result.slopes = readTensorValues(grad((input) => sum(run(input)) as Scalar)(x))
    return []
  })
  return result
}

/** Size of the last place of a float32 near x. */
function unitInTheLastPlace(x: number): number {
  return 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -126) - 23)
}

describe('GELU in float32', () => {
  // Below −1.3 the value is a tail of exp(−x²/2), whose argument is rounded once: x²/2 roundings.
  test.each([
    { from: -1.3, units: 4 },
    { from: -5, units: 16 },
  ])(
    'is the exact one (erf) within $units units in the last place above $from',
    ({ from, units }) => {
      const { values } = geluOnGrid()
      const errors = Array.from(grid, (x, i) => {
        if (x < from || x === 0) return 0
        return Math.abs((values[i] as number) - gelu(x)) / unitInTheLastPlace(gelu(x))
      })
      expect(Math.max(...errors)).toBeLessThan(units)
    },
  )

  test('has the slope of the exact one within 2e-7', () => {
    const { slopes } = geluOnGrid()
    const errors = Array.from(grid, (x, i) => Math.abs((slopes[i] as number) - geluDerivative(x)))
    expect(Math.max(...errors)).toBeLessThan(2e-7)
  })
})

describe('the optimizer in float32', () => {
  test('AdamW makes the step of the formula: decay, moments, corrected move', () => {
    const [parameter, firstMoment, secondMoment] = [[0.5], [0.1], [0.01]].map((values) =>
      toVariable(values, [1]),
    ) as [Variable, Variable, Variable]
    const gradient = toTensor([0.4], [1])
    const rates = { learningRate: 0.01, weightDecay: 0.1 }
    const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 2, gradientScale: 0.5 }
    adamwStep([{ parameter, gradient, firstMoment, secondMoment, ...rates }], settings)
    const m = 0.9 * 0.1 + 0.1 * 0.2
    const v = 0.999 * 0.01 + 0.001 * 0.04
    const move = (0.01 * (m / (1 - 0.81))) / (Math.sqrt(v / (1 - 0.999 ** 2)) + 1e-8)
    expect(readTensorValues(firstMoment)[0]).toBeCloseTo(m, 7)
    expect(readTensorValues(secondMoment)[0]).toBeCloseTo(v, 8)
    expect(readTensorValues(parameter)[0]).toBeCloseTo(0.5 * (1 - 0.001) - move, 7)
    for (const tensor of [parameter, firstMoment, secondMoment, gradient]) tensor.dispose()
  })

  test('EMA moves every parameter of the teacher and none of the student', () => {
    const teacher = new Map([['w', toVariable([1, 2, 3, 4, 5], [5])]])
    const student = new Map([['w', toVariable([0, 0, 0, 0, 10], [5])]])
    emaStep(teacher, student, 0.75)
    expect([...readTensorValues(teacher.get('w') as Tensor)]).toEqual([0.75, 1.5, 2.25, 3, 6.25])
    expect([...readTensorValues(student.get('w') as Tensor)]).toEqual([0, 0, 0, 0, 10])
    for (const tensor of [...teacher.values(), ...student.values()]) tensor.dispose()
  })
})

type Variable = ReturnType<typeof toVariable>
