import { describe, expect, test } from 'vitest'
import { checkForStall } from './check-for-stall.ts'

describe('a pod is late', () => {
  const limits = { firstStepSeconds: 10, stallSeconds: 5 }
  const reasonAt = (nowMs: number, lastStepMs?: number) =>
    checkForStall({ startedMs: 1000, lastStepMs }, limits, nowMs)?.reason
  test.each([
    { when: 'at its first step until then', nowMs: 11_000, reason: undefined },
    { when: 'at its first step after that', nowMs: 11_001, reason: 'FirstStepLate' },
    { when: 'at a further step until then', nowMs: 55_000, lastStepMs: 50_000, reason: undefined },
    { when: 'at a further step after that', nowMs: 55_001, lastStepMs: 50_000, reason: 'Stalled' },
  ])('$when: $reason', ({ nowMs, lastStepMs, reason }) => {
    expect(reasonAt(nowMs, lastStepMs)).toBe(reason)
  })
  test('never where there is no limit', () => {
    expect(checkForStall({ startedMs: 0, lastStepMs: undefined }, {}, 1e12)).toBeUndefined()
    expect(checkForStall({ startedMs: 0, lastStepMs: 1 }, {}, 1e12)).toBeUndefined()
  })
})
