import { expect, test } from 'vitest'
import { vocColor } from '../../vision/datasets/class-table.ts'
import type { RgbImage } from '../../vision/images/rgb-image.ts'
import {
  IGNORED_COLOR,
  type PredictionComparison,
  renderPredictionComparison,
} from './compare-predictions.ts'
import { insertLine } from './insert-line.ts'
import { renderImageCell, renderMaskCell } from './render-cells.ts'

const pixelAt = ({ width, rgb }: RgbImage, x: number, y: number): number[] =>
  Array.from(rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3))

const listColors = (canvas: RgbImage): Set<string> =>
  new Set(
    Array.from({ length: canvas.width * canvas.height }, (_, pixel) =>
      pixelAt(canvas, pixel % canvas.width, Math.floor(pixel / canvas.width)).join(),
    ),
  )

const isPaper = (canvas: RgbImage, columns: readonly number[]): boolean =>
  columns.every((x) =>
    Array.from({ length: canvas.height }, (_, y) => pixelAt(canvas, x, y).join()).every(
      (color) => color === '255,255,255',
    ),
  )

const mask = {
  side: 4,
  labels: Uint8Array.from([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 255, 255, 2, 2, 255, 255]),
}
const classes = [0, 1, 2].map((label) => ({ name: `class ${label}`, color: vocColor(label + 1) }))
const aComparison = (overrides: Partial<PredictionComparison> = {}): PredictionComparison => ({
  title: 'before and after',
  subtitle: 'two images',
  images: [0, 1].map(() => ({ side: 4, rgb: new Uint8Array(48).fill(90) })),
  groundTruths: [mask, mask],
  predicted: [{ name: 'before', miouPercent: 12.34, masks: [mask, mask] }],
  classes,
  ignoreLabel: 255,
  ...overrides,
})

test('an enlarged mask holds the colors of its classes and no other', () => {
  const cell = renderMaskCell(mask, { cellPx: 10, chooseColor: vocColor })
  expect(listColors(cell)).toEqual(new Set([0, 1, 2, 255].map((label) => vocColor(label).join())))
  expect(pixelAt(cell, 9, 0)).toEqual([128, 0, 0])
})

test('an even image stays even at any size', () => {
  for (const cellPx of [3, 9]) {
    const cell = renderImageCell({ side: 5, rgb: new Uint8Array(75).fill(200) }, cellPx)
    expect(Array.from(cell.rgb)).toEqual(new Array(cellPx * cellPx * 3).fill(200))
  }
})

test('a figure keeps its margins free, whatever the length of its titles and its legend', () => {
  const long = aComparison({
    title:
      'a title that is a good deal longer than the two images under it are wide together, and more',
    classes: Array.from({ length: 20 }, (_, label) => ({
      name: `a class with the long name ${label}`,
      color: vocColor(label),
    })),
    predicted: [
      { name: 'before, as found on the storage', miouPercent: 1, masks: [mask, mask] },
      { name: 'after', miouPercent: 100, masks: [mask, mask] },
    ],
  })
  for (const comparison of [aComparison(), long]) {
    const figure = renderPredictionComparison(comparison)
    const last = figure.width - 1
    expect(isPaper(figure, [0, 10, 20, last - 20, last - 10, last])).toBe(true)
  }
})

test('every row adds the height of its cells, and pixels that do not count are named in the legend', () => {
  const one = renderPredictionComparison(aComparison())
  const predicted = ['before', 'after'].map((name) => ({
    name,
    miouPercent: 5,
    masks: [mask, mask],
  }))
  const two = renderPredictionComparison(aComparison({ predicted }))
  expect(two.height - one.height).toBe(208 + 26 + 12)
  // Antialiased text has a few pixels of any gray; a swatch of the legend has hundreds.
  const ignoredPixels = (figure: RgbImage): number =>
    Array.from({ length: figure.width * figure.height }, (_, pixel) => pixel * 3).filter((place) =>
      IGNORED_COLOR.every((value, channel) => figure.rgb[place + channel] === value),
    ).length
  const counted = { side: 4, labels: new Uint8Array(16) }
  const whole = aComparison({
    groundTruths: [counted, counted],
    predicted: [{ name: 'before', miouPercent: 5, masks: [counted, counted] }],
  })
  const quarterOfFourCells = 4 * 104 * 104
  expect(ignoredPixels(one)).toBeGreaterThanOrEqual(quarterOfFourCells + 16 * 16)
  expect(ignoredPixels(renderPredictionComparison(whole))).toBeLessThan(16 * 16)
})

test('a line put in under the heading moves the rest down and covers nothing', () => {
  const figure = renderPredictionComparison(aComparison())
  const readPixelRows = ({ width, rgb }: RgbImage, top: number, bottom: number) =>
    Buffer.from(rgb.subarray(top * width * 3, bottom * width * 3)).toString('base64')
  const named = insertLine(figure, 'run 1')
  expect([named.width, named.height]).toEqual([figure.width, figure.height + 22])
  expect(readPixelRows(named, 0, 66)).toBe(readPixelRows(figure, 0, 66))
  expect(readPixelRows(named, 88, named.height)).toBe(readPixelRows(figure, 66, figure.height))
  expect(readPixelRows(named, 66, 88)).not.toBe(readPixelRows(insertLine(figure, 'run 2'), 66, 88))

  const wide = insertLine(
    figure,
    'a line that goes on and on and on and on and on and on and on '.repeat(3),
  )
  expect(wide.width).toBeGreaterThan(figure.width)
  expect(isPaper(wide, [0, 10, 20, wide.width - 20, wide.width - 10, wide.width - 1])).toBe(true)
})
