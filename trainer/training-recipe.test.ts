import type { Tensor } from '@tensorflow/tfjs-core'
import { afterEach, describe, expect, test } from 'vitest'
import { TRAINER_TOLERANCES } from '../test/golden/float32-tolerances-trainer.ts'
import { parseGoldenTensor } from '../test/golden/read-golden.ts'
import { relativeDifference } from '../test/golden/relative-difference.ts'
import {
  createRecordedTrainingState,
  readTrainingCase,
  recordedBatch,
  recordedOrders,
  type TrainingCase,
  trainingSettings,
} from '../test/golden/trainer-cases.ts'
import { type Backend, startBackend } from '../vision/backends/start-backend.ts'
import { readTensorValues, toTensor } from '../vision/ops/tensor-values.ts'
import { chooseParameterGroup } from './core/parameter-groups.ts'
import { patchFeatures } from './core/patch-features.ts'
import { computeScheduledValues } from './core/schedules.ts'
import { disposeTrainingState, type TrainingState } from './core/training-state.ts'
import { computeStepGradients, runTrainingStep } from './training-recipe.ts'

const countRecordedSteps = ({ hyper }: TrainingCase) =>
  hyper.max_epochs * hyper.train_iters_per_epoch
const mergeModelParameters = (model: TrainingState['student']) =>
  new Map<string, Tensor>([...model.backbone, ...model.head])

function buildRecordedDraws(one: TrainingCase, index: number) {
  const draw = recordedOrders(one.steps[index]?.randperm_calls_in_order ?? [])
  return { queue: draw, references: draw }
}

function computeWorstDifference(
  actual: ReadonlyMap<string, Tensor>,
  expected: Readonly<Record<string, unknown>>,
): number {
  const names = Object.keys(expected).filter((name) => name !== 'mask_token')
  const differences = names.map((name) => {
    const tensor = actual.get(name)
    const values = tensor ? readTensorValues(tensor) : []
    const wanted = parseGoldenTensor(expected[name]).data
    return relativeDifference(withoutKeyBias(name, values), withoutKeyBias(name, wanted))
  })
  return Math.max(...differences)
}

/**
 * Softmax does not depend on the bias of k, so its gradient is 0 but for rounding, and Adam makes a
 * whole step out of any gradient: these numbers mean nothing in either program.
 */
function withoutKeyBias(name: string, values: ArrayLike<number>): number[] {
  if (!name.endsWith('attn.qkv.bias')) return Array.from(values)
  const third = values.length / 3
  return Array.from(values).filter((_, index) => Math.floor(index / third) !== 1)
}

/** The worst difference of Σ x and Σ x² of the teacher's parameters, relative to Σ |x| and Σ x². */
function worstChecksum(
  teacher: ReadonlyMap<string, Tensor>,
  expected: Readonly<Record<string, readonly [number, number]>>,
): number {
  const differences = [...teacher].map(([name, tensor]) => {
    const values = Float64Array.from(readTensorValues(tensor))
    const [sum = Number.NaN, squares = Number.NaN] = expected[name] ?? []
    const sumError = values.reduce((total, value) => total + value, 0)
    const squaresError = values.reduce((total, value) => total + value * value, 0)
    const magnitude = values.reduce((total, value) => total + Math.abs(value), 0)
    return Math.max(
      Math.abs(sumError - sum) / magnitude,
      Math.abs(squaresError - squares) / squares,
    )
  })
  return Math.max(...differences)
}

function studentEmbeddings(state: TrainingState, one: TrainingCase): number[] {
  const [first] = one.steps
  const model = { settings: state.settings.model, ...state.student }
  const batch = first && recordedBatch(one, first)
  return [batch?.global, batch?.local].flatMap((stack) => {
    const { values, sidePx } = stack ?? { values: new Float32Array(0), sidePx: 1 }
    const images = toTensor(values, [values.length / (3 * sidePx * sidePx), 3, sidePx, sidePx])
    const features = patchFeatures(model, images)
    const result = [...readTensorValues(features)]
    images.dispose()
    features.dispose()
    return result
  })
}

const names = ['neco_train_steps', 'neco_train_steps_queue'] as const

describe.each(['reference', 'wasm'] as const)('training on the %s backend', (name) => {
  let backend: Backend
  let state: TrainingState
  const tolerance = TRAINER_TOLERANCES[name]
  const start = async (one: TrainingCase) => {
    backend = await startBackend({ backend: name })
    state = createRecordedTrainingState(one)
  }
  afterEach(async () => {
    disposeTrainingState(state)
    await backend.close()
  })

  test.each(names)('goes step by step as the released program: %s', async (file) => {
    const one = readTrainingCase(file)
    await start(one)
    const totalSteps = countRecordedSteps(one)
    const losses = one.steps.map((step, index) => {
      const place = { step: index, totalSteps }
      return runTrainingStep(state, recordedBatch(one, step), {
        place,
        draws: buildRecordedDraws(one, index),
      })
    })
    const lossErrors = losses.map(({ loss }, i) => Math.abs(loss / (one.steps[i]?.loss ?? 0) - 1))
    const teacher = mergeModelParameters(state.teacher ?? state.student)
    expect(Math.max(...lossErrors)).toBeLessThan(tolerance.loss)
    expect(
      computeWorstDifference(mergeModelParameters(state.student), one.student_final),
    ).toBeLessThan(tolerance.weights)
    expect(worstChecksum(teacher, one.teacher_final_sum_and_sumsq)).toBeLessThan(tolerance.checksum)
    expect(computeWorstDifference(teacher, one.teacher_final_some ?? {})).toBeLessThan(
      tolerance.checksum,
    )
  })

  test('has the embeddings and gradients of the released program in the first step', async () => {
    const one = readTrainingCase('neco_train_steps')
    const [first] = one.steps
    if (first === undefined) throw new Error('no step is recorded')
    await start(one)
    const embeddings = studentEmbeddings(state, one)
    const { value, gradients } = computeStepGradients(
      state,
      recordedBatch(one, first),
      buildRecordedDraws(one, 0),
    )
    const expected = parseGoldenTensor(first.student_embeddings).data
    expect(relativeDifference(embeddings, expected)).toBeLessThan(tolerance.embeddings)
    expect(Math.abs(value / first.loss - 1)).toBeLessThan(tolerance.loss)
    expect(computeWorstDifference(gradients, first.student_grads ?? {})).toBeLessThan(
      tolerance.gradients,
    )
    expect(gradients.size).toBe(Object.keys(first.student_grads ?? {}).length)
    for (const gradient of gradients.values()) gradient.dispose()
  })
})

describe('the parameter groups', () => {
  test.each(names)('are those of the released program: %s', (file) => {
    const one = readTrainingCase(file)
    const { optimizer } = trainingSettings(one)
    const actual = one.steps.map((_, step) => {
      const values = computeScheduledValues(optimizer, {
        step,
        totalSteps: countRecordedSteps(one),
      })
      return one.param_groups.map(({ params }, group) =>
        params.map((parameter) => {
          const { shape } = parseGoldenTensor(one.student_init[parameter])
          return chooseParameterGroup(
            group < 2 ? 'backbone' : 'head',
            { name: parameter, shape },
            values,
          )
        }),
      )
    })
    const expected = one.steps.map(({ lr, weight_decay }) =>
      one.param_groups.map(({ params }, group) =>
        params.map(() => ({
          learningRate: expect.closeTo(lr[group] ?? 0, 14),
          weightDecay: expect.closeTo(weight_decay[group] ?? 0, 14),
        })),
      ),
    )
    expect(actual).toEqual(expected)
  })
})
