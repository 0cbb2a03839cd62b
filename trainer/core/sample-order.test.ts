import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchAt, computeTotalSteps } from './sample-order.ts'

test('The batches of an epoch share no image, and the last incomplete one is dropped.', () => {
  fc.assert(
    fc.property(
      fc.record({
        seed: fc.nat(),
        batchSize: fc.integer({ min: 1, max: 8 }),
        rest: fc.nat(7),
        batches: fc.integer({ min: 1, max: 6 }),
        epoch: fc.nat(3),
      }),
      ({ seed, batchSize, rest, batches, epoch }) => {
        const size = batches * batchSize + (rest % batchSize)
        const drawn = Array.from({ length: batches }, (_, index) =>
          batchAt({ seed, size, batchSize }, epoch * batches + index),
        )
        const samples = drawn.flatMap((batch) => batch.samples)
        expect(drawn.every((batch) => batch.epoch === epoch)).toBe(true)
        expect(new Set(samples).size).toBe(batches * batchSize)
        expect(samples.every((sample) => sample >= 0 && sample < size)).toBe(true)
      },
    ),
  )
})

test('Each epoch has an order of its own.', () => {
  const first = batchAt({ seed: 1, size: 20, batchSize: 20 }, 0).samples
  const second = batchAt({ seed: 1, size: 20, batchSize: 20 }, 1).samples
  expect(first).not.toEqual(second)
})

test('Steps, where given, take the place of epochs.', () => {
  expect(computeTotalSteps({ steps: 7, epochs: 3, batchSize: 4 }, 11)).toBe(7)
  expect(computeTotalSteps({ epochs: 3, batchSize: 4 }, 11)).toBe(6)
})
