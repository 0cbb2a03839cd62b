import fc from 'fast-check'
import { expect, test } from 'vitest'
import { arcSineHalfTurns, fraction, smallRotation, wave } from './portable-math.ts'

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true })

test('rotations are those of sine and cosine', () => {
  fc.assert(
    fc.property(between(-0.5, 0.5), (angle) => {
      const [cosine, sine] = smallRotation(angle)
      expect(Math.abs(cosine - Math.cos(angle))).toBeLessThan(6e-9)
      expect(Math.abs(sine - Math.sin(angle))).toBeLessThan(6e-9)
    }),
  )
})

test('the arc sine is right to a few parts in a hundred thousand', () => {
  fc.assert(
    fc.property(between(-1, 1), (x) => {
      expect(Math.abs(arcSineHalfTurns(x) - Math.asin(x) / Math.PI)).toBeLessThan(3e-5)
    }),
  )
  expect(arcSineHalfTurns(7)).toBe(0.5)
})

test('the wave stays near the sine and the fraction in [0, 1)', () => {
  fc.assert(
    fc.property(between(-9, 9), (turns) => {
      expect(Math.abs(wave(turns) - Math.sin(2 * Math.PI * turns))).toBeLessThan(0.06)
      expect(fraction(turns)).toBeGreaterThanOrEqual(0)
      expect(fraction(turns)).toBeLessThanOrEqual(1)
    }),
  )
})
