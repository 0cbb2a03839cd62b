import { expect, test } from 'vitest'
import { errorFunction } from './error-function.ts'

/** Abramowitz and Stegun, Handbook of Mathematical Functions, tables 7.1 and 7.3, and limits. */
const known = [
  [0, 0],
  [0.1, 0.1124629160182849],
  [0.5, 0.5204998778130465],
  [1, 0.8427007929497149],
  [2, 0.9953222650189527],
  [2.4, 0.999311486103355],
  [2.6, 0.999763965583471],
  [3, 0.9999779095030014],
  [7, 1],
  [Number.POSITIVE_INFINITY, 1],
] as const

test.each(known)('erf(±%d) = ±%d to float64 rounding', (x, expected) => {
  expect(errorFunction(x)).toBeCloseTo(expected, 15)
  expect(errorFunction(-x)).toBeCloseTo(-expected, 15)
})

test('erf keeps its relative accuracy near 0', () => {
  expect(errorFunction(1e-10) / (1e-10 * 1.1283791670955126)).toBeCloseTo(1, 15)
})

test('erf of NaN is NaN', () => {
  expect(errorFunction(Number.NaN)).toBeNaN()
})
