import { describe, expect, it } from 'vitest'
import { backOffMs, type RestartPolicy, restarts } from './restart-policy.ts'

describe('a container that has ended by itself', () => {
  it.each<{ policy: RestartPolicy; exitCode: number; isInit: boolean; again: boolean }>([
    { policy: 'Never', exitCode: 1, isInit: false, again: false },
    { policy: 'OnFailure', exitCode: 0, isInit: false, again: false },
    { policy: 'OnFailure', exitCode: 1, isInit: false, again: true },
    { policy: 'Always', exitCode: 0, isInit: false, again: true },
    { policy: 'Always', exitCode: 0, isInit: true, again: false },
    { policy: 'Always', exitCode: 1, isInit: true, again: true },
    { policy: 'Never', exitCode: 1, isInit: true, again: false },
  ])('starts again as its policy says: %o', ({ again, ...ended }) => {
    expect(restarts(ended)).toBe(again)
  })

  it('waits twice as long each time, up to the most', () => {
    const backOff = { firstMs: 100, mostMs: 500 }
    expect([1, 2, 3, 4, 5].map((n) => backOffMs(backOff, n))).toEqual([100, 200, 400, 500, 500])
  })
})
