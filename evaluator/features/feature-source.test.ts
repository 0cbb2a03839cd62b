import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildMicroRunConfig } from '../../test/fixtures/micro-run-config.ts'
import { type Backend, startBackend } from '../../vision/backends/start-backend.ts'
import type { Dataset } from '../../vision/datasets/dataset.ts'
import { openDataset } from '../../vision/datasets/open-dataset.ts'
import { IMAGENET_COLORS } from '../../vision/images/normalize-image.ts'
import { buildParameters } from '../../vision/vit/build-parameters.ts'
import type { Backbone } from '../../vision/vit/parameters.ts'
import { createMemoryTransform, createProbeTransform } from './augmented-transforms.ts'
import {
  cacheFeatureSource,
  collectFeatures,
  createFeatureSource,
  type FeatureSource,
} from './feature-source.ts'
import { createEvaluationTransform } from './sample-transform.ts'

let backend: Backend
let backbone: Backbone
let dataset: Dataset
beforeAll(async () => {
  backend = await startBackend({ backend: 'reference' })
  const { model } = buildMicroRunConfig().result
  backbone = { settings: model, parameters: buildParameters(model, { initSeed: 1 }) }
  dataset = await openDataset({ kind: 'Scenes', firstSeed: 0, count: 5 }, { volumes: {} })
})
afterAll(async () => {
  for (const parameter of backbone.parameters.values()) parameter.dispose()
  await backend.close()
})

const view = { sidePx: 32, normalization: IMAGENET_COLORS }
const drawn = {
  ...view,
  crop: { scale: [0.5, 2], aspectRatio: [0.75, 1.33], flipProbability: 0.5 },
  seed: 1,
} as const
const listBatchSizes = async (source: FeatureSource): Promise<number[]> => {
  const sizes: number[] = []
  for await (const { masks } of source.batches()) sizes.push(masks.length)
  return sizes
}

describe('a source of features', () => {
  test('has one row a patch, in the order of images, however they are batched', async () => {
    const options = { backbone, imageCount: 5, ...view, onBatchEnd: async () => undefined }
    const transform = createEvaluationTransform(dataset, view)
    const whole = createFeatureSource({ ...options, transform })
    const grouped = createFeatureSource({ ...options, transform, groupSize: 2 })
    expect([await listBatchSizes(whole), await listBatchSizes(grouped)]).toEqual([[5], [2, 2, 1]])
    const features = await collectFeatures(whole)
    expect([features.rows, features.dim]).toEqual([5 * 16, 16])
    expect(await collectFeatures(grouped)).toEqual(features)
  })

  test('that is remembered is encoded once, also after a pass that was given up', async () => {
    let prepared = 0
    const plain = createEvaluationTransform(dataset, view)
    const source = cacheFeatureSource(
      createFeatureSource({
        backbone,
        imageCount: 5,
        ...view,
        groupSize: 1,
        transform: (index) => {
          prepared++
          return plain(index)
        },
        onBatchEnd: async () => undefined,
      }),
    )
    for await (const { first } of source.batches()) if (first === 1) break
    expect(await listBatchSizes(source)).toEqual([1, 1, 1, 1, 1])
    expect(await listBatchSizes(source)).toEqual([1, 1, 1, 1, 1])
    expect(prepared).toBe(2 + 5)
  })
})

describe('drawn images', () => {
  const plain = () => createEvaluationTransform(dataset, view)(0)

  test('of the memory change with the epoch and not with the order of calls', async () => {
    const jitter = { strength: 0.1, probability: 0.5 }
    const createTransform = (epoch: number) =>
      createMemoryTransform({ ...drawn, dataset, epoch, jitter, antialiased: true })
    const [first, again, other] = [
      await createTransform(0)(3),
      (await createTransform(0)(1)) && (await createTransform(0)(3)),
      await createTransform(1)(3),
    ]
    expect(again).toEqual(first)
    expect(other.planes).not.toEqual(first.planes)
    expect([first.planes.length, first.mask.length]).toEqual([3 * 32 * 32, 32 * 32])
  })

  test('with a crop of everything and no jitter are the plain images but for the order of rounding', async () => {
    const crop = { scale: [1, 1], aspectRatio: [1, 1], flipProbability: 0 } as const
    const jitter = { strength: 0, probability: 0 }
    const options = { ...drawn, dataset, crop, epoch: 0 }
    const memory = await createMemoryTransform({ ...options, jitter, antialiased: true })(0)
    const probe = await createProbeTransform(options)(0)
    const expected = await plain()
    const worst = Math.max(...memory.planes.map((v, i) => Math.abs(v - (expected.planes[i] ?? 99))))
    // Pillow rounds to bytes after each of its two passes; one level is 1 ÷ 255 ÷ 0.225.
    expect(worst).toBeLessThan(1.01 / 255 / 0.224)
    expect(probe.planes).toEqual(expected.planes)
  })

  test('that are flipped are the mirror image, mask and planes alike', async () => {
    const crop = { scale: [1, 1], aspectRatio: [1, 1], flipProbability: 1 } as const
    const flipped = await createProbeTransform({ ...drawn, dataset, crop, epoch: 0 })(0)
    const straight = await createProbeTransform({
      ...drawn,
      dataset,
      crop: { ...crop, flipProbability: 0 },
      epoch: 0,
    })(0)
    const mirror = (place: number): number => place - (place % 32) + 31 - (place % 32)
    expect(flipped.mask).toEqual(straight.mask.map((_, place) => straight.mask[mirror(place)] ?? 9))
    expect(flipped.planes).toEqual(
      straight.planes.map((_, place) => straight.planes[mirror(place)] ?? 9),
    )
  })
})
