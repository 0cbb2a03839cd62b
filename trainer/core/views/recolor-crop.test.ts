import { describe, expect, test } from 'vitest'
import type { ViewsSettings } from '../../../method/settings/views.ts'
import { adjustContrast, toGray } from '../../../vision/images/adjust-colors.ts'
import { adjustHue } from '../../../vision/images/adjust-hue.ts'
import { gaussianBlur } from '../../../vision/images/gaussian-blur.ts'
import { randomStream } from '../../../vision/random/random-stream.ts'
import { drawScene } from '../../../vision/scenes/draw-scene.ts'
import { adjustments, drawColors } from './color-draws.ts'
import { recolorCrop } from './recolor-crop.ts'

const crop = { width: 96, height: 96, rgb: drawScene(3).image }

const views = {
  jitterProbability: 0.8,
  jitterStrength: 0.5,
  grayscaleProbability: 0.2,
  blurProbability: 0.5,
  blurRadius: [0.1, 2],
} as ViewsSettings

const draws = Array.from({ length: 2000 }, (_, sample) =>
  drawColors(randomStream({ seed: 1, purpose: 'crop-colors', indices: [0, sample, 0] }), views),
)
const computeShare = (which: (draw: (typeof draws)[number]) => boolean) =>
  draws.filter(which).length / draws.length

describe('the augmentation of a crop', () => {
  test('happens as often as the settings say', () => {
    expect(Math.abs(computeShare(({ jitter }) => jitter.length > 0) - 0.8)).toBeLessThan(0.03)
    expect(Math.abs(computeShare(({ gray }) => gray) - 0.2)).toBeLessThan(0.03)
    expect(
      Math.abs(computeShare(({ blurRadiusPx }) => blurRadiusPx !== undefined) - 0.5),
    ).toBeLessThan(0.04)
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

  test('is applied in the order drawn: jitter, then gray, then blur', () => {
    const recolored = recolorCrop(crop, {
      jitter: [
        { adjustment: 'Hue', amount: 0.1 },
        { adjustment: 'Contrast', amount: 0.7 },
      ],
      gray: true,
      blurRadiusPx: 1.5,
    })
    const expected = gaussianBlur(toGray(adjustContrast(adjustHue(crop, 0.1), 0.7)), 1.5)
    expect(recolored).toEqual(expected)
  })

  test('that draws nothing leaves the crop as it is', () => {
    expect(recolorCrop(crop, { jitter: [], gray: false, blurRadiusPx: undefined })).toBe(crop)
  })
})
