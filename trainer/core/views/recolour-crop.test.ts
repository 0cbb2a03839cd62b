import { describe, expect, test } from 'vitest'
import type { ViewsSettings } from '../../../crds/sections/views.ts'
import { adjustContrast, toGrey } from '../../../vision/images/adjust-colours.ts'
import { adjustHue } from '../../../vision/images/adjust-hue.ts'
import { gaussianBlur } from '../../../vision/images/gaussian-blur.ts'
import { randomStream } from '../../../vision/random/random-stream.ts'
import { drawScene } from '../../../vision/scenes/draw-scene.ts'
import { adjustments, drawColours } from './colour-draws.ts'
import { recolourCrop } from './recolour-crop.ts'

const crop = { width: 96, height: 96, rgb: drawScene(3).image }

const views = {
  jitterProbability: 0.8,
  jitterStrength: 0.5,
  greyProbability: 0.2,
  blurProbability: 0.5,
  blurRadius: [0.1, 2],
} as ViewsSettings

const draws = Array.from({ length: 2000 }, (_, sample) =>
  drawColours(randomStream({ seed: 1, purpose: 'crop-colors', indices: [0, sample, 0] }), views),
)
const shareOf = (which: (draw: (typeof draws)[number]) => boolean) =>
  draws.filter(which).length / draws.length

describe('the augmentation of a crop', () => {
  test('happens as often as the settings say', () => {
    expect(Math.abs(shareOf(({ jitter }) => jitter.length > 0) - 0.8)).toBeLessThan(0.03)
    expect(Math.abs(shareOf(({ grey }) => grey) - 0.2)).toBeLessThan(0.03)
    expect(Math.abs(shareOf(({ blurRadiusPx }) => blurRadiusPx !== undefined) - 0.5)).toBeLessThan(
      0.04,
    )
  })

  test('draws its amounts from their ranges and uses each adjustment once, in any order', () => {
    const steps = draws.flatMap(({ jitter }) => jitter)
    const amounts = (hue: boolean) =>
      steps.filter(({ adjustment }) => (adjustment === 'Hue') === hue).map(({ amount }) => amount)
    expect(Math.min(...amounts(false))).toBeGreaterThanOrEqual(0.6)
    expect(Math.max(...amounts(false))).toBeLessThanOrEqual(1.4)
    expect(Math.max(...amounts(true).map(Math.abs))).toBeLessThanOrEqual(0.1)
    const orders = draws.map(({ jitter }) => jitter.map(({ adjustment }) => adjustment).join())
    expect(new Set(orders.filter((order) => order !== '')).size).toBe(24)
    expect([...(orders.find((order) => order !== '') ?? '').split(',')].sort()).toEqual(
      [...adjustments].sort(),
    )
  })

  test('is applied in the order drawn: jitter, then grey, then blur', () => {
    const recoloured = recolourCrop(crop, {
      jitter: [
        { adjustment: 'Hue', amount: 0.1 },
        { adjustment: 'Contrast', amount: 0.7 },
      ],
      grey: true,
      blurRadiusPx: 1.5,
    })
    const expected = gaussianBlur(toGrey(adjustContrast(adjustHue(crop, 0.1), 0.7)), 1.5)
    expect(recoloured).toEqual(expected)
  })

  test('that draws nothing leaves the crop as it is', () => {
    expect(recolourCrop(crop, { jitter: [], grey: false, blurRadiusPx: undefined })).toBe(crop)
  })
})
