import { describe, expect, test } from 'vitest'
import { computeBackoffMs } from './backoff.ts'

const LIMITS = { initialMs: 1000, maxMs: 30_000 }

describe('a backoff', () => {
  test('doubles with each failure up to its limit', () => {
    const delaysMs = [1, 2, 3, 4, 5, 6, 7].map((failures) => computeBackoffMs(LIMITS, failures))
    expect(delaysMs).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  })

  test('stays at its limit however often it failed', () => {
    expect(computeBackoffMs(LIMITS, 1_000_000)).toBe(30_000)
  })

  test('is shorter by up to a quarter, as chance has it', () => {
    expect(computeBackoffMs(LIMITS, 1, 0.5)).toBe(875)
    expect(computeBackoffMs(LIMITS, 20, 0.999_999)).toBeCloseTo(22_500, 1)
  })
})
