import { describe, expect, it } from 'vitest'
import { studentT, studentTQuantile } from './student-t.ts'

/** Closed forms: tan(π(p − ½)) for 1 degree of freedom, (2p − 1)·√(2 / (4p(1 − p))) for 2. */
describe('the quantile of Student’s t', () => {
  it('agrees with the closed forms for one and two degrees of freedom', () => {
    for (const p of [0.6, 0.9, 0.975, 0.995]) {
      expect(studentTQuantile(p, 1)).toBeCloseTo(Math.tan(Math.PI * (p - 0.5)), 9)
      expect(studentTQuantile(p, 2)).toBeCloseTo((2 * p - 1) * Math.sqrt(2 / (4 * p * (1 - p))), 9)
    }
  })

  it.each([
    [4, 2.7764451051977987],
    [9, 2.2621571627409915],
    [30, 2.0422724563012373],
    [100, 1.9839715184496334],
  ])('agrees with the printed tables at 97.5 %% and %d degrees of freedom', (freedom, expected) => {
    expect(studentTQuantile(0.975, freedom)).toBeCloseTo(expected, 9)
  })

  it('is undone by the distribution function', () => {
    for (const freedom of [1, 3, 7, 40]) {
      expect(studentT(studentTQuantile(0.9, freedom), freedom)).toBeCloseTo(0.9, 12)
    }
  })
})
