import { describe, expect, it } from 'vitest'
import { intervalLine, tInterval } from './interval.ts'

describe('the t interval of a gain', () => {
  it('is mean ± t·s/√n', () => {
    const interval = tInterval([4, 5, 6], 0.95)
    expect(interval?.mean).toBe(5)
    expect(interval?.high).toBeCloseTo(5 + 4.30265272974946 / Math.sqrt(3), 10)
    expect(interval?.low).toBeCloseTo(5 - 4.30265272974946 / Math.sqrt(3), 10)
    expect(interval?.n).toBe(3)
  })

  it('needs two values', () => {
    expect(tInterval([5], 0.95)).toBeUndefined()
  })

  it('is formatted in one line with signs', () => {
    const line = intervalLine('linear mIoU after − before', {
      mean: 1.5,
      low: -0.254,
      high: 3.254,
      n: 5,
    })
    expect(line).toBe('linear mIoU after − before: +1.50 [−0.25, +3.25] (95 %, n = 5)')
  })
})
