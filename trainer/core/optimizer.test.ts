import type { Variable } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createRecordedTrainingState,
  readTrainingCase,
  recordedBatch,
  recordedOrders,
} from '../../test/golden/trainer-cases.ts'
import { type Backend, startBackend } from '../../vision/backends/start-backend.ts'
import { readTensorValues } from '../../vision/ops/tensor-values.ts'
import { computeStepGradients, runTrainingStep } from '../training-recipe.ts'
import { disposeTrainingState, type TrainingState } from './training-state.ts'

const name = 'projection_head.4.weight'

describe('the first step of an optimizer', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = await startBackend({ backend: 'reference' })
  })
  afterAll(() => backend.close())

  /** A weight before and after one step, with its gradient. */
  function oneStep(algorithm: 'Adam' | 'AdamW') {
    const one = readTrainingCase('neco_train_steps')
    const [first] = one.steps
    if (first === undefined) throw new Error('no step is recorded')
    const started = createRecordedTrainingState(one)
    const optimizer = { ...started.settings.optimizer, algorithm, weightDecay: 0.5 }
    const state: TrainingState = { ...started, settings: { ...started.settings, optimizer } }
    const draws = () => {
      const draw = recordedOrders(first.randperm_calls_in_order)
      return { queue: draw, references: draw }
    }
    const weight = state.student.head.get(name) as Variable
    const before = readTensorValues(weight)
    const { gradients } = computeStepGradients(state, recordedBatch(one, first), draws())
    const gradient = readTensorValues(gradients.get(name) as Variable)
    for (const tensor of gradients.values()) tensor.dispose()
    const place = { step: 0, totalSteps: 8 }
    runTrainingStep(state, recordedBatch(one, first), { place, draws: draws() })
    const after = readTensorValues(weight)
    disposeTrainingState(state)
    return { before, gradient, after, rate: optimizer.headLearningRate }
  }
  const worst = (actual: ArrayLike<number>, expected: ArrayLike<number>) =>
    Math.max(...Array.from(actual, (value, i) => Math.abs(value - (expected[i] ?? Number.NaN))))

  test('Adam adds the decay to the gradient', () => {
    const { before, gradient, after, rate } = oneStep('Adam')
    const expected = Float64Array.from(before, (weight, i) => {
      const total = (gradient[i] ?? 0) + 0.5 * weight
      return weight - (rate * total) / (Math.abs(total) + 1e-8)
    })
    expect(worst(after, expected)).toBeLessThan(1e-12)
  })

  test('AdamW shrinks the weight apart from the gradient', () => {
    const { before, gradient, after, rate } = oneStep('AdamW')
    const expected = Float64Array.from(before, (weight, i) => {
      const own = gradient[i] ?? 0
      return weight * (1 - rate * 0.5) - (rate * own) / (Math.abs(own) + 1e-8)
    })
    expect(worst(after, expected)).toBeLessThan(1e-12)
  })
})
