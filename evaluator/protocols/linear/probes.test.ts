import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Backend, startBackend } from '../../../vision/backends/start-backend.ts'
import { randomStream } from '../../../vision/random/random-stream.ts'
import {
  fitFeatureScaler,
  foldFeatureScaler,
  type LinearHead,
  scaleFeatures,
} from '../../core/linear-head.ts'
import type { FeatureRows } from '../../core/nearest-neighbors.ts'
import type { FeatureBatch, FeatureSource } from '../../features/feature-source.ts'
import { trainPatchProbe } from './train-patch-probe.ts'
import { applySgdStep, trainPixelProbe } from './train-pixel-probe.ts'

let backend: Backend
beforeAll(async () => {
  backend = await startBackend({ backend: 'reference' })
})
afterAll(() => backend.close())

const draws = () => randomStream({ seed: 1, purpose: 'probe-weights' })

/** Class scores of one row. */
const computeHeadScores = (
  { classes, dim, weight, bias }: LinearHead,
  row: ArrayLike<number>,
): number[] =>
  Array.from({ length: classes }, (_, index) =>
    Array.from(row).reduce(
      (sum, value, i) => sum + value * (weight[index * dim + i] ?? 0),
      bias[index] ?? 0,
    ),
  )
const argmax = (scores: readonly number[]): number => scores.indexOf(Math.max(...scores))

/** Three classes round a circle, far from the origin and with very different spreads by column. */
const clouds = (rows: number) => {
  const noise = randomStream({ seed: 5, purpose: 'test' })
  const label = Array.from({ length: rows }, (_, row) => row % 3)
  const values = label.flatMap((index) => {
    const angle = (2 * Math.PI * index) / 3
    return [
      40 + 9 * (Math.cos(angle) + 0.2 * noise.normal()),
      -3 + 0.01 * (Math.sin(angle) + 0.2 * noise.normal()),
    ]
  })
  return { label, features: { rows, dim: 2, values: Float64Array.from(values) } }
}

describe('the probe on standardized patches', () => {
  test('separates what is separable, and keeps nothing on the backend', async () => {
    const { label, features } = clouds(120)
    const before = backend.memory().tensors
    const head = await trainPatchProbe({
      hyperparameters: {
        kind: 'StandardizedPatches',
        steps: 100,
        learningRate: 0.05,
        weightDecay: 1e-4,
      },
      features,
      labels: Float32Array.from(label.flatMap((own) => [0, 1, 2].map((c) => Number(c === own)))),
      classes: 3,
      draws: draws(),
      onBatchEnd: async () => undefined,
    })
    expect(backend.memory().tensors).toBe(before)
    const found = label.map((_, row) =>
      argmax(computeHeadScores(head, features.values.subarray(row * 2, row * 2 + 2))),
    )
    expect(found).toEqual(label)
  })

  test('a head folded over the standard does on plain features what it did on standardized ones', () => {
    const { features } = clouds(30)
    const scaler = fitFeatureScaler(features)
    const scaled = scaleFeatures(features, scaler)
    const head: LinearHead = {
      classes: 2,
      dim: 2,
      weight: Float64Array.of(0.3, -1.2, 2, 0.7),
      bias: Float64Array.of(0.1, -0.4),
    }
    const folded = foldFeatureScaler(head, scaler)
    const readRow = ({ values }: FeatureRows, row: number) => values.subarray(row * 2, row * 2 + 2)
    for (const row of [0, 7, 29]) {
      const [plain, expected] = [
        computeHeadScores(folded, readRow(features, row)),
        computeHeadScores(head, readRow(scaled, row)),
      ]
      plain.forEach((score, c) => {
        expect(Math.abs(score - (expected[c] ?? 9))).toBeLessThan(1e-9)
      })
    }
  })
})

describe('stochastic gradient descent with momentum', () => {
  test('adds weight decay to the gradient and keeps a velocity, as torch does', () => {
    const state = { values: Float64Array.of(1), velocity: Float64Array.of(0) }
    const settings = { learningRate: 0.1, momentum: 0.9, weightDecay: 0.5 }
    applySgdStep(state, [2], settings)
    expect(state).toEqual({ values: Float64Array.of(0.75), velocity: Float64Array.of(2.5) })
    applySgdStep(state, [0], settings)
    expect(state.velocity[0]).toBeCloseTo(0.9 * 2.5 + 0.5 * 0.75, 14)
  })
})

describe('the probe on enlarged pixels', () => {
  const grid = 2
  const sidePx = 8
  /** Two images whose patches show class 1 on the left and 0 on the right, one half ignored. */
  const batches: FeatureBatch[] = [0, 1].map((first) => ({
    first,
    features: { rows: 4, dim: 1, values: Float64Array.of(1, -1, 1, -1) },
    masks: [
      Uint8Array.from({ length: 64 }, (_, pixel) => {
        if (first === 1 && pixel >= 32) return 255
        return pixel % 8 < 4 ? 1 : 0
      }),
    ],
  }))
  const source: FeatureSource = {
    imageCount: 2,
    sidePx,
    grid,
    batches: async function* () {
      yield* batches
    },
  }
  const train = (overrides = {}) =>
    trainPixelProbe({
      hyperparameters: {
        kind: 'EnlargedPixels',
        crop: { scale: [1, 1], aspectRatio: [1, 1], flipProbability: 0 },
        batchSize: 2,
        epochs: 1,
        learningRate: 0.5,
        momentum: 0.9,
        weightDecay: 0,
        learningRateDropEpoch: 99,
        lossSidePx: 4,
        ...overrides,
      },
      createEpochSource: () => source,
      classes: 2,
      dim: 1,
      ignoreLabel: 255,
      draws: draws(),
    })

  test('takes one step a batch, with the mean gradient of all pixels that count', async () => {
    // By hand: bilinear columns of (1, −1) at 4 places are 1, 0.5, −0.5, −1; rows are equal.
    const x = [1, 0.5, -0.5, -1]
    const label = [1, 1, 0, 0]
    const bound = draws()
    const initial = Array.from({ length: 4 }, () => bound.uniformBetween(-1, 1))
    const [w0 = 0, w1 = 0, b0 = 0, b1 = 0] = initial
    const gradient = x.reduce((sum, value, i) => {
      const p1 = 1 / (1 + Math.exp(w0 * value + b0 - w1 * value - b1))
      return sum + ((p1 - (label[i] ?? 0)) * value) / 4
    }, 0)
    const { weight } = await train()
    expect(weight[1]).toBeCloseTo(w1 - 0.5 * gradient, 12)
    expect(weight[0]).toBeCloseTo(w0 + 0.5 * gradient, 12)
  })

  test('learns the sides after some epochs, and slows down at the drop', async () => {
    const learned = await train({ epochs: 20 })
    expect([
      argmax(computeHeadScores(learned, [1])),
      argmax(computeHeadScores(learned, [-1])),
    ]).toEqual([1, 0])
    const dropped = await train({ epochs: 20, learningRateDropEpoch: 0 })
    const margin = ({ weight }: LinearHead) => (weight[1] ?? 0) - (weight[0] ?? 0)
    expect(margin(dropped)).toBeLessThan(margin(learned))
  })
})
