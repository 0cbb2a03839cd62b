import { expect, test } from 'vitest'
import type { RgbImage } from './rgb-image.ts'
import { findGlyph } from './stroke-glyphs.ts'
import { drawText, textWidthPx } from './stroke-text.ts'

const whiteCanvas = (width: number, height: number): RgbImage => ({
  width,
  height,
  rgb: new Uint8Array(width * height * 3).fill(255),
})
const ascii = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i))

/** Columns of the canvas that hold ink. */
const inkedColumns = ({ width, rgb }: RgbImage): number[] =>
  [
    ...new Set(
      Array.from(rgb, (value, place) => (value < 255 ? Math.floor(place / 3) % width : -1)),
    ),
  ].filter((column) => column >= 0)

test('every printable ASCII character and the signs of our tables have a glyph of their own', () => {
  const box = findGlyph('\u0000')
  const missing = [...ascii, ...'τβ±→−×÷·–'].filter((character) => findGlyph(character) === box)
  expect(missing).toEqual([])
})

test('no two of them draw the same strokes', () => {
  const paths = new Set(ascii.map((character) => findGlyph(character).path))
  expect(paths.size).toBe(ascii.length)
})

test('the ink of a line lies within the width that was announced, give or take the pen', () => {
  const text = 'Mean IoU 31.4 ± 0.2 %'
  const canvas = whiteCanvas(400, 40)
  drawText(canvas, text, { xPx: 10, baselinePx: 28, capHeightPx: 14, color: [0, 0, 0] })
  const columns = inkedColumns(canvas)
  expect(Math.min(...columns)).toBeGreaterThanOrEqual(8)
  expect(Math.max(...columns)).toBeLessThanOrEqual(12 + textWidthPx(text, 14))
  expect(Math.max(...columns)).toBeGreaterThan(6 + textWidthPx(text, 14))
})

test('text that leaves the canvas is cut, and the color is the one asked for', () => {
  const canvas = whiteCanvas(12, 12)
  drawText(canvas, 'HHHH', { xPx: -5, baselinePx: 16, capHeightPx: 20, color: [200, 0, 0] })
  const inked = Array.from({ length: 144 }, (_, pixel) =>
    Array.from(canvas.rgb.subarray(pixel * 3, pixel * 3 + 3)),
  ).filter(([, green]) => green === 0)
  expect(inked.length).toBeGreaterThan(10)
  expect(inked.every(([red]) => red === 200)).toBe(true)
})
