import type { Variable } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  readTrainingCase,
  recordedBatch,
  recordedOrders,
  startRecorded,
} from '../../test/golden/trainer-cases.ts'
import { type Backend, startBackend } from '../../vision/backends/start-backend.ts'
import { valuesOf } from '../../vision/ops/tensor-values.ts'
import { stepGradients } from './step-gradients.ts'
import { closeTraining, type TrainingState } from './training-state.ts'
import { trainingStep } from './training-step.ts'

const name = 'projection_head.4.weight'

describe('the first step of an optimiser', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = await startBackend({ backend: 'reference' })
  })
  afterAll(() => backend.close())

  /** A weight before and after one step, with its gradient. */
  function oneStep(optimiser: 'Adam' | 'AdamW') {
    const one = readTrainingCase('neco_train_steps')
    const [first] = one.steps
    if (first === undefined) throw new Error('no step is recorded')
    const started = startRecorded(one)
    const optimisation = { ...started.settings.optimisation, optimiser, weightDecay: 0.5 }
    const state: TrainingState = { ...started, settings: { ...started.settings, optimisation } }
    const draws = () => {
      const draw = recordedOrders(first.randperm_calls_in_order)
      return { queue: draw, references: draw }
    }
    const weight = state.student.head.get(name) as Variable
    const before = valuesOf(weight)
    const { gradients } = stepGradients(state, recordedBatch(one, first), draws())
    const gradient = valuesOf(gradients.get(name) as Variable)
    for (const tensor of gradients.values()) tensor.dispose()
    const place = { step: 0, totalSteps: 8 }
    trainingStep(state, recordedBatch(one, first), { place, draws: draws() })
    const after = valuesOf(weight)
    closeTraining(state)
    return { before, gradient, after, rate: optimisation.headRate }
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
