import fc from 'fast-check'
import { expect, test } from 'vitest'
import { philox4x32 } from './philox.ts'
import { RANDOM_PURPOSES } from './random-purposes.ts'
import { randomStream } from './random-stream.ts'

const uint32 = fc.integer({ min: 0, max: 0xffffffff })

test('a stream is the blocks of Philox with key (seed, purpose) and counter (block, indices)', () => {
  const stream = randomStream({ seed: 400, purpose: 'test', indices: [3, 70_000, 5] })
  const drawn = Array.from({ length: 8 }, stream.uint32)
  const key = [400, RANDOM_PURPOSES.test] as const
  expect(drawn).toEqual([
    ...philox4x32(key, [0, 3, 70_000, 5]),
    ...philox4x32(key, [1, 3, 70_000, 5]),
  ])
})

test('missing indices are zeros', () => {
  const short = randomStream({ seed: 1, purpose: 'test' })
  const long = randomStream({ seed: 1, purpose: 'test', indices: [0, 0, 0] })
  expect(short.uint32()).toBe(long.uint32())
})

test('purposes have keys of their own', () => {
  const keys = Object.values(RANDOM_PURPOSES)
  expect(new Set(keys).size).toBe(keys.length)
})

test('a permutation holds every number once', () => {
  fc.assert(
    fc.property(uint32, fc.integer({ min: 0, max: 200 }), (seed, n) => {
      const order = randomStream({ seed, purpose: 'test' }).permutation(n)
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
    }),
  )
})

test('integers, uniform and log-uniform numbers stay in their ranges', () => {
  fc.assert(
    fc.property(uint32, fc.integer({ min: 1, max: 2 ** 32 }), (seed, n) => {
      const stream = randomStream({ seed, purpose: 'test' })
      const drawn = {
        int: stream.int(n),
        uniform: stream.uniform(),
        log: stream.logUniform(0.75, 4 / 3),
      }
      expect(drawn.int >= 0 && drawn.int < n).toBe(true)
      expect(drawn.uniform >= 0 && drawn.uniform < 1).toBe(true)
      expect(drawn.log >= 0.75 - 1e-12 && drawn.log <= 4 / 3 + 1e-12).toBe(true)
    }),
  )
})

test('normal numbers have mean 0, variance 1 and the fourth moment 3', () => {
  const stream = randomStream({ seed: 7, purpose: 'test' })
  const count = 100_000
  const sums = [0, 0, 0]
  for (let i = 0; i < count; i++) {
    const x = stream.normal()
    sums[0] = (sums[0] ?? 0) + x
    sums[1] = (sums[1] ?? 0) + x * x
    sums[2] = (sums[2] ?? 0) + x ** 4
  }
  const [mean = 0, variance = 0, fourth = 0] = sums.map((sum) => sum / count)
  expect(Math.abs(mean)).toBeLessThan(0.015)
  expect(Math.abs(variance - 1)).toBeLessThan(0.02)
  expect(Math.abs(fourth - 3)).toBeLessThan(0.15)
})

test('integers below six come up equally often', () => {
  const stream = randomStream({ seed: 11, purpose: 'test' })
  const counts = new Array<number>(6).fill(0)
  for (let i = 0; i < 60_000; i++) {
    const face = stream.int(6)
    counts[face] = (counts[face] ?? 0) + 1
  }
  const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)
  expect(chiSquare).toBeLessThan(20.5) // 0.1 % of fair dice lie above
})

test('keys that are no 32-bit integers and ranges without numbers are refused', () => {
  expect(() => randomStream({ seed: -1, purpose: 'test' })).toThrow(RangeError)
  expect(() => randomStream({ seed: 2 ** 32, purpose: 'test' })).toThrow(RangeError)
  expect(() => randomStream({ seed: 0, purpose: 'test', indices: [0.5] })).toThrow(RangeError)
  expect(() => randomStream({ seed: 0, purpose: 'test', indices: [0, 0, 0, 0] })).toThrow(
    RangeError,
  )
  expect(() => randomStream({ seed: 0, purpose: 'test' }).int(0)).toThrow(RangeError)
})
