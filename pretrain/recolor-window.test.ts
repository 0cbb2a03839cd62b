import { expect, test } from 'vitest'
import { grayWindow, recolorWindow } from './recolor-window.ts'

const plain = { brightness: 1, contrast: 1, saturation: 1, hue: 0 }
const pixels = () => Float32Array.of(0.2, 0.4, 0.6, 0.8, 0.5, 0.1)

function recolored(change: Partial<typeof plain>): number[] {
  const values = pixels()
  recolorWindow(values, { ...plain, ...change })
  return [...values]
}

function expectClose(values: readonly number[], expected: readonly number[]): void {
  expect(values.length).toBe(expected.length)
  expect(Math.max(...values.map((v, i) => Math.abs(v - (expected[i] ?? NaN))))).toBeLessThan(1e-6)
}

test('factors of 1 and no turn leave the colors', () => {
  expectClose(recolored({}), [...pixels()])
})

test('brightness multiplies and is clipped', () => {
  expectClose(recolored({ brightness: 1.5 }), [0.3, 0.6, 0.9, 1, 0.75, 0.15])
})

test('contrast 0 gives the mean luma everywhere', () => {
  const luma = (r: number, g: number, b: number) => 0.299 * r + 0.587 * g + 0.114 * b
  const mean = (luma(0.2, 0.4, 0.6) + luma(0.8, 0.5, 0.1)) / 2
  expectClose(recolored({ contrast: 0 }), new Array(6).fill(mean))
})

test('saturation 0 is gray, and so is the gray window', () => {
  const gray = pixels()
  grayWindow(gray)
  expectClose(recolored({ saturation: 0 }), [...gray])
  expect(gray[0]).toBe(gray[1])
  expect(gray[1]).toBe(gray[2])
})

test('a whole turn of the hue leaves the colors, half a turn keeps the luma', () => {
  expectClose(recolored({ hue: 2 * Math.PI }), [...pixels()])
  const turned = Float32Array.of(0.5, 0.45, 0.55)
  const before = 0.299 * 0.5 + 0.587 * 0.45 + 0.114 * 0.55
  recolorWindow(turned, { ...plain, hue: Math.PI })
  const [r = 0, g = 0, b = 0] = turned
  expect(0.299 * r + 0.587 * g + 0.114 * b).toBeCloseTo(before, 6)
  expect(r).toBeLessThan(g)
})
