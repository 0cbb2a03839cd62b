import { expect, test } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

const MINUTE = 60_000

/** How many of a hundred pass at one time. */
const passing = (bucket: TokenBucket, nowMs: number): number =>
  Array.from({ length: 100 }, () => bucket.take(nowMs)).filter((passes) => passes).length

test('a burst passes, then one each time', () => {
  const bucket = new TokenBucket({ burst: 3, refillMs: MINUTE }, 0)
  expect(passing(bucket, 0)).toBe(3)
  expect(passing(bucket, 2.5 * MINUTE)).toBe(2)
  expect(passing(bucket, 3 * MINUTE)).toBe(1)
  expect(passing(bucket, 60 * MINUTE)).toBe(3)
})

test('a clock that is set back lets nothing more through, and costs one wait at most', () => {
  const bucket = new TokenBucket({ burst: 3, refillMs: MINUTE }, 60 * MINUTE)
  expect(passing(bucket, 60 * MINUTE)).toBe(3)
  expect(passing(bucket, 0)).toBe(0)
  expect(passing(bucket, MINUTE)).toBe(1)
})
