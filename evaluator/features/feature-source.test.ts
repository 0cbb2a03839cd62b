import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aMicroRunConfig } from '../../test/micro-run-config.ts'
import { type Backend, startBackend } from '../../vision/backends/start-backend.ts'
import type { Dataset } from '../../vision/datasets/dataset.ts'
import { openDataset } from '../../vision/datasets/open-dataset.ts'
import { IMAGENET_COLOURS } from '../../vision/images/normalise-image.ts'
import { buildParameters } from '../../vision/vit/build-parameters.ts'
import type { Backbone } from '../../vision/vit/parameters.ts'
import { memoryPictures, probePictures } from './drawn-pictures.ts'
import {
  allFeatures,
  encodedSource,
  type FeatureSource,
  rememberedSource,
} from './feature-source.ts'
import { plainPictures } from './prepared-picture.ts'

let backend: Backend
let backbone: Backbone
let dataset: Dataset
beforeAll(async () => {
  backend = await startBackend({ backend: 'reference' })
  const { model } = aMicroRunConfig().result
  backbone = { settings: model, parameters: buildParameters(model, { initSeed: 1 }) }
  dataset = await openDataset({ kind: 'Scenes', firstSeed: 0, count: 5 }, { volumes: {} })
})
afterAll(async () => {
  for (const parameter of backbone.parameters.values()) parameter.dispose()
  await backend.close()
})

const view = { sidePx: 32, normalisation: IMAGENET_COLOURS }
const drawn = {
  ...view,
  crop: { scale: [0.5, 2], aspectRatio: [0.75, 1.33], flipProbability: 0.5 },
  seed: 1,
} as const
const sizesOf = async (source: FeatureSource): Promise<number[]> => {
  const sizes: number[] = []
  for await (const { masks } of source.batches()) sizes.push(masks.length)
  return sizes
}

describe('a source of features', () => {
  test('has one row a patch, in the order of pictures, however they are batched', async () => {
    const options = { backbone, pictures: 5, ...view, between: async () => undefined }
    const prepare = plainPictures(dataset, view)
    const whole = encodedSource({ ...options, prepare })
    const grouped = encodedSource({ ...options, prepare, groupOf: 2 })
    expect([await sizesOf(whole), await sizesOf(grouped)]).toEqual([[5], [2, 2, 1]])
    const features = await allFeatures(whole)
    expect([features.rows, features.dim]).toEqual([5 * 16, 16])
    expect(await allFeatures(grouped)).toEqual(features)
  })

  test('that is remembered is encoded once, also after a pass that was given up', async () => {
    let prepared = 0
    const plain = plainPictures(dataset, view)
    const source = rememberedSource(
      encodedSource({
        backbone,
        pictures: 5,
        ...view,
        groupOf: 1,
        prepare: (index) => {
          prepared++
          return plain(index)
        },
        between: async () => undefined,
      }),
    )
    for await (const { first } of source.batches()) if (first === 1) break
    expect(await sizesOf(source)).toEqual([1, 1, 1, 1, 1])
    expect(await sizesOf(source)).toEqual([1, 1, 1, 1, 1])
    expect(prepared).toBe(2 + 5)
  })
})

describe('drawn pictures', () => {
  const plain = () => plainPictures(dataset, view)(0)

  test('of the memory change with the epoch and not with the order of calls', async () => {
    const jitter = { strength: 0.1, probability: 0.5 }
    const pictures = (epoch: number) =>
      memoryPictures({ ...drawn, dataset, epoch, jitter, antialiased: true })
    const [first, again, other] = [
      await pictures(0)(3),
      (await pictures(0)(1)) && (await pictures(0)(3)),
      await pictures(1)(3),
    ]
    expect(again).toEqual(first)
    expect(other.planes).not.toEqual(first.planes)
    expect([first.planes.length, first.mask.length]).toEqual([3 * 32 * 32, 32 * 32])
  })

  test('with a crop of everything and no jitter are the plain pictures but for the order of rounding', async () => {
    const crop = { scale: [1, 1], aspectRatio: [1, 1], flipProbability: 0 } as const
    const jitter = { strength: 0, probability: 0 }
    const options = { ...drawn, dataset, crop, epoch: 0 }
    const memory = await memoryPictures({ ...options, jitter, antialiased: true })(0)
    const probe = await probePictures(options)(0)
    const expected = await plain()
    const worst = Math.max(...memory.planes.map((v, i) => Math.abs(v - (expected.planes[i] ?? 99))))
    // Pillow rounds to bytes after each of its two passes; one level is 1 ÷ 255 ÷ 0.225.
    expect(worst).toBeLessThan(1.01 / 255 / 0.224)
    expect(probe.planes).toEqual(expected.planes)
  })

  test('that are flipped are the mirror image, mask and planes alike', async () => {
    const crop = { scale: [1, 1], aspectRatio: [1, 1], flipProbability: 1 } as const
    const flipped = await probePictures({ ...drawn, dataset, crop, epoch: 0 })(0)
    const straight = await probePictures({
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
