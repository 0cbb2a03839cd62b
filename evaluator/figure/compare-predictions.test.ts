import { expect, test } from 'vitest'
import type { Canvas } from '../../vision/images/stroke-text.ts'
import { maskCell, pictureCell } from './cell-pictures.ts'
import { IGNORED_COLOUR, vocColour } from './class-colours.ts'
import { type Comparison, comparePredictions } from './compare-predictions.ts'

const pixelAt = ({ widthPx, rgb }: Canvas, x: number, y: number): number[] =>
  Array.from(rgb.subarray((y * widthPx + x) * 3, (y * widthPx + x) * 3 + 3))

const coloursOf = (canvas: Canvas): Set<string> =>
  new Set(
    Array.from({ length: canvas.widthPx * canvas.heightPx }, (_, pixel) =>
      pixelAt(canvas, pixel % canvas.widthPx, Math.floor(pixel / canvas.widthPx)).join(),
    ),
  )

const isPaper = (canvas: Canvas, columns: readonly number[]): boolean =>
  columns.every((x) =>
    Array.from({ length: canvas.heightPx }, (_, y) => pixelAt(canvas, x, y).join()).every(
      (colour) => colour === '255,255,255',
    ),
  )

const mask = {
  side: 4,
  labels: Uint8Array.from([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 255, 255, 2, 2, 255, 255]),
}
const classes = [0, 1, 2].map((label) => ({ name: `class ${label}`, colour: vocColour(label + 1) }))
const aComparison = (overrides: Partial<Comparison> = {}): Comparison => ({
  title: 'before and after',
  subtitle: 'two pictures',
  pictures: [0, 1].map(() => ({ side: 4, rgb: new Uint8Array(48).fill(90) })),
  truths: [mask, mask],
  predicted: [{ name: 'before', miouPercent: 12.34, masks: [mask, mask] }],
  classes,
  ignoreLabel: 255,
  ...overrides,
})

test('the colours of class indices are those of VOC', () => {
  expect([0, 1, 2, 15, 20, 255].map(vocColour)).toEqual([
    [0, 0, 0],
    [128, 0, 0],
    [0, 128, 0],
    [192, 128, 128],
    [0, 64, 128],
    [224, 224, 192],
  ])
})

test('an enlarged mask holds the colours of its classes and no other', () => {
  const cell = maskCell(mask, { cellPx: 10, colourOf: vocColour })
  expect(coloursOf(cell)).toEqual(new Set([0, 1, 2, 255].map((label) => vocColour(label).join())))
  expect(pixelAt(cell, 9, 0)).toEqual([128, 0, 0])
})

test('an even picture stays even at any size', () => {
  for (const cellPx of [3, 9]) {
    const cell = pictureCell({ side: 5, rgb: new Uint8Array(75).fill(200) }, cellPx)
    expect(Array.from(cell.rgb)).toEqual(new Array(cellPx * cellPx * 3).fill(200))
  }
})

test('a figure keeps its margins free, whatever the length of its titles and its legend', () => {
  const long = aComparison({
    title:
      'a title that is a good deal longer than the two pictures under it are wide together, and more',
    classes: Array.from({ length: 20 }, (_, label) => ({
      name: `a class with the long name ${label}`,
      colour: vocColour(label),
    })),
    predicted: [
      { name: 'before, as found on the storage', miouPercent: 1, masks: [mask, mask] },
      { name: 'after', miouPercent: 100, masks: [mask, mask] },
    ],
  })
  for (const comparison of [aComparison(), long]) {
    const figure = comparePredictions(comparison)
    const last = figure.widthPx - 1
    expect(isPaper(figure, [0, 10, 20, last - 20, last - 10, last])).toBe(true)
  }
})

test('every row adds the height of its cells, and pixels that do not count are named in the legend', () => {
  const one = comparePredictions(aComparison())
  const predicted = ['before', 'after'].map((name) => ({
    name,
    miouPercent: 5,
    masks: [mask, mask],
  }))
  const two = comparePredictions(aComparison({ predicted }))
  expect(two.heightPx - one.heightPx).toBe(208 + 26 + 12)
  // Antialiased text has a few pixels of any grey; a swatch of the legend has hundreds.
  const ignoredPixels = (figure: Canvas): number =>
    Array.from({ length: figure.widthPx * figure.heightPx }, (_, pixel) => pixel * 3).filter(
      (place) => IGNORED_COLOUR.every((value, channel) => figure.rgb[place + channel] === value),
    ).length
  const counted = { side: 4, labels: new Uint8Array(16) }
  const whole = aComparison({
    truths: [counted, counted],
    predicted: [{ name: 'before', miouPercent: 5, masks: [counted, counted] }],
  })
  const quarterOfFourCells = 4 * 104 * 104
  expect(ignoredPixels(one)).toBeGreaterThanOrEqual(quarterOfFourCells + 16 * 16)
  expect(ignoredPixels(comparePredictions(whole))).toBeLessThan(16 * 16)
})
