import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ViewsSettings } from '../../../method/settings/views.ts'
import { drawCrop } from '../../../vision/images/draw-crop.ts'
import { type RandomStream, randomStream } from '../../../vision/random/random-stream.ts'
import { type Box, computeBoxArea, intersectBoxes } from './crop-box.ts'
import { drawCrops, listCropSides } from './draw-crops.ts'

const views = {
  localCrops: 4,
  globalSizePx: 224,
  localSizePx: 98,
  globalScale: [0.25, 1],
  localScale: [0.05, 0.25],
  aspectRatio: [0.75, 4 / 3],
  minIntersection: 0.01,
} as ViewsSettings

const stream = (seed: number): RandomStream =>
  randomStream({ seed, purpose: 'crop-boxes', indices: [0, 0] })

const imageSides = fc.record({
  widthPx: fc.integer({ min: 32, max: 640 }),
  heightPx: fc.integer({ min: 32, max: 640 }),
})

const whole = (image: { widthPx: number; heightPx: number }): Box => [
  0,
  0,
  image.widthPx,
  image.heightPx,
]
const leastShared = (crops: readonly Box[], others: readonly Box[]): number =>
  Math.min(...crops.flatMap((a) => others.map((b) => computeBoxArea(intersectBoxes(a, b)))))

describe('the crops of an image', () => {
  test('lie inside it and overlap as asked', () => {
    fc.assert(
      fc.property(fc.nat(1e6), imageSides, (seed, image) => {
        const crops = drawCrops(stream(seed), image, views)
        const least = Math.floor(0.01 * image.widthPx * image.heightPx)
        const globals = crops.slice(0, 2)
        expect(crops).toHaveLength(6)
        expect(crops.map((crop) => intersectBoxes(crop, whole(image)))).toEqual(crops)
        expect(leastShared(globals.slice(1), globals.slice(0, 1))).toBeGreaterThan(2 * least)
        expect(leastShared(crops.slice(2), globals)).toBeGreaterThan(least)
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  test('are the same for the same key', () => {
    const image = { widthPx: 96, heightPx: 96 }
    expect(drawCrops(stream(7), image, views)).toEqual(drawCrops(stream(7), image, views))
    expect(drawCrops(stream(7), image, views)).not.toEqual(drawCrops(stream(8), image, views))
  })

  test('have their sides in the same order', () => {
    expect(listCropSides(views)).toEqual([224, 224, 98, 98, 98, 98])
  })

  test('that cannot overlap as asked are an error that names the fields', () => {
    const impossible = { ...views, minIntersection: 0.9 }
    expect(() => drawCrops(stream(1), { widthPx: 96, heightPx: 96 }, impossible)).toThrow(
      'lower views.minIntersection',
    )
  })
})

describe('a crop that never fits falls back to the center', () => {
  const range = { scale: [1, 1], aspectRatio: [0.75, 4 / 3] }
  test('of a wide image, at the greatest aspect', () => {
    const wide = drawCrop(stream(1), { ...range, widthPx: 300, heightPx: 90 })
    expect(wide).toEqual([90, 0, 210, 90])
  })
  test('of a tall image, at the least aspect', () => {
    const tall = drawCrop(stream(1), { ...range, widthPx: 90, heightPx: 300 })
    expect(tall).toEqual([0, 90, 90, 210])
  })
})
