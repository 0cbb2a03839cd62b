import { expect, test } from 'vitest'
import { resampleWindow } from './resample-window.ts'

/** A 4×4 image whose red is the column, green the row and blue 255. */
const rgb = Uint8Array.from({ length: 48 }, (_, i) => {
  const pixel = Math.floor(i / 3)
  return [pixel % 4, Math.floor(pixel / 4), 255][i % 3] ?? 0
})
const whole = { left: 0, top: 0, width: 4, height: 4 }

function channel(pixels: Float32Array, c: number): number[] {
  return [...pixels]
    .filter((_, i) => i % 3 === c)
    .map((value) => Math.round(value * 255 * 1e4) / 1e4)
}

test('the whole window comes back as it is', () => {
  const same = resampleWindow(rgb, 4, { box: whole, isFlipped: false })
  expect(same).toEqual(Float32Array.from(rgb, (byte) => byte / 255))
})

test('flipped, the columns run backwards', () => {
  const flipped = resampleWindow(rgb, 4, { box: whole, isFlipped: true })
  expect(channel(flipped, 0).slice(0, 4)).toEqual([3, 2, 1, 0])
  expect(channel(flipped, 1).slice(0, 5)).toEqual([0, 0, 0, 0, 1])
})

test('a box is stretched by bilinear sampling at pixel centers and clamped at the border', () => {
  const box = { left: 2, top: 0, width: 2, height: 4 }
  const stretched = resampleWindow(rgb, 4, { box, isFlipped: false })
  expect(channel(stretched, 0).slice(0, 4)).toEqual([1.75, 2.25, 2.75, 3])
  expect(channel(stretched, 2)).toEqual(new Array(16).fill(255))
})
