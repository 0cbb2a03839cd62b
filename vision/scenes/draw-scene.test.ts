import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { drawScene, drawWindow } from './draw-scene.ts'
import type { Scene } from './expose.ts'
import { SCENE_CLASSES, thingClasses } from './scene-classes.ts'

const digest = ({ image, mask }: Scene) =>
  createHash('sha256').update(image).update(mask).digest('hex').slice(0, 16)

const seeds = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i)

describe('scenes', () => {
  test('are the same bytes for a seed on every machine', () => {
    expect(seeds(0, 3).map((seed) => digest(drawScene(seed)))).toEqual([
      '12abe2739d9c397a',
      'd1d82fa2cf3a271f',
      '3bf76650f904c232',
    ])
    expect(seeds(0, 3).map((seed) => digest(drawWindow(seed)))).toEqual([
      'ba82a66e8e793d69',
      '49a6286a5db14637',
      '303dc86a0fdbbdb4',
    ])
  })

  test('are 96 pixels wide with a mask, and windows 48', () => {
    const sizes = [drawScene(4), drawWindow(4)].map(({ side, image, mask }) => [
      side,
      image.length,
      mask.length,
    ])
    expect(sizes).toEqual([
      [96, 96 * 96 * 3, 96 * 96],
      [48, 48 * 48 * 3, 48 * 48],
    ])
  })

  test('show every class about equally often and mostly background', () => {
    const shares = computeClassShares(seeds(5000, 150).map(drawScene))
    const [background = 0, ...things] = shares
    expect(background).toBeGreaterThan(0.6)
    expect(background).toBeLessThan(0.85)
    expect(things).toHaveLength(thingClasses.length)
    for (const share of things) {
      expect(share).toBeGreaterThan(0.015)
      expect(share).toBeLessThan(0.07)
    }
  })

  test('hold two or more classes as a rule, and windows one', () => {
    const classesIn = ({ mask }: Scene) => new Set(mask.filter((label) => label > 0)).size
    const scenes = seeds(7000, 60).map((seed) => classesIn(drawScene(seed)))
    const windows = seeds(7000, 60).map((seed) => classesIn(drawWindow(seed)))
    expect(scenes.filter((count) => count >= 2).length).toBeGreaterThan(40)
    expect(Math.max(...scenes)).toBeLessThanOrEqual(4)
    expect(windows).toEqual(new Array(60).fill(1))
  })

  test('draw each thing unlike its surroundings', () => {
    for (const seed of seeds(9000, 20)) {
      const { image, mask } = drawWindow(seed)
      expect(meanDistance(image, mask)).toBeGreaterThan(4)
    }
  })
})

test('every class has a name, a color of its own and a drawing', () => {
  expect(new Set(SCENE_CLASSES.map(({ name }) => name)).size).toBe(8)
  expect(new Set(SCENE_CLASSES.map(({ displayColor }) => displayColor.join())).size).toBe(8)
  expect(thingClasses).toHaveLength(7)
})

function computeClassShares(scenes: readonly Scene[]): number[] {
  const counts = new Array<number>(SCENE_CLASSES.length).fill(0)
  for (const { mask } of scenes) {
    for (const label of mask) counts[label] = (counts[label] ?? 0) + 1
  }
  return counts.map((count) => count / (scenes.length * 96 * 96))
}

/** Distance of the mean colors inside and outside the mask, in levels. */
function meanDistance(image: Uint8Array, mask: Uint8Array): number {
  const sums = [
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ]
  mask.forEach((label, pixel) => {
    const sum = sums[label > 0 ? 1 : 0] ?? []
    for (let c = 0; c < 3; c++) sum[c] = (sum[c] ?? 0) + (image[3 * pixel + c] ?? 0)
    sum[3] = (sum[3] ?? 0) + 1
  })
  const [outside, inside] = sums.map(([r = 0, g = 0, b = 0, n = 1]) => [r / n, g / n, b / n])
  return Math.hypot(...(inside ?? []).map((value, c) => value - (outside?.[c] ?? 0)))
}
