import { describe, expect, test } from 'vitest'
import type { ViewsSettings } from '../../../method/settings/views.ts'
import { normalizeImage } from '../../../vision/images/normalize-image.ts'
import { resizeImage } from '../../../vision/images/resize-image.ts'
import { drawScene } from '../../../vision/scenes/draw-scene.ts'
import { makeViews } from './make-views.ts'

const scene = drawScene(12)
const image = { width: 96, height: 96, rgb: scene.image }

const views: ViewsSettings = {
  localCrops: 2,
  globalSizePx: 64,
  localSizePx: 32,
  globalScale: [0.25, 1],
  localScale: [0.1, 0.3],
  aspectRatio: [0.75, 4 / 3],
  minIntersection: 0.01,
  alignedGrid: 6,
  jitterProbability: 0.8,
  jitterStrength: 0.4,
  grayscaleProbability: 0.2,
  blurProbability: 0.5,
  blurRadius: [0.1, 2],
}
const plain = { ...views, jitterProbability: 0, grayscaleProbability: 0, blurProbability: 0 }
const key = { seed: 400, epoch: 1, sample: 7 }

describe('views of an image', () => {
  test('are two global and the local crops with a box each', () => {
    const { crops, boxes, inGlobal, inCrop } = makeViews(image, views, key)
    expect(crops.map((crop) => crop.length)).toEqual([12288, 12288, 3072, 3072])
    expect(boxes).toHaveLength(4)
    expect(inGlobal.map((row) => row.length)).toEqual([4, 4])
    expect(inCrop.map((row) => row.length)).toEqual([2, 2, 2, 2])
  })

  test('without augmentation are the normalized parts of the image', () => {
    const { crops, boxes } = makeViews(image, plain, key)
    const [left, top, right, bottom] = boxes[2] ?? [0, 0, 0, 0]
    const box = { left, top, width: right - left, height: bottom - top }
    const part = resizeImage(image, { width: 32, height: 32, filter: 'Bilinear', box })
    expect(crops[2]).toEqual(normalizeImage(part))
  })

  test('are the same for a key, whatever was made in between', () => {
    const first = makeViews(image, views, key)
    makeViews(image, views, { ...key, sample: 8 })
    expect(makeViews(image, views, key)).toEqual(first)
  })

  test('differ between seeds, epochs and samples', () => {
    const keys = [key, { ...key, seed: 401 }, { ...key, epoch: 2 }, { ...key, sample: 8 }]
    const boxes = keys.map((each) => JSON.stringify(makeViews(image, plain, each).boxes))
    expect(new Set(boxes).size).toBe(4)
  })

  test('keep their boxes when only the colors change', () => {
    expect(makeViews(image, views, key).boxes).toEqual(makeViews(image, plain, key).boxes)
  })
})
