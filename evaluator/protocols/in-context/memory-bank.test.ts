import { expect, test } from 'vitest'
import type { FeatureSource } from '../../features/feature-source.ts'
import { IN_CONTEXT_HYPERPARAMETERS } from './hyperparameters.ts'
import { buildMemoryBank } from './memory-bank.ts'

/** Images of 2 × 2 patches of 2 pixels; the features of a patch are its image and its place. */
const aSource = (
  imageCount: number,
  createMask: (imageIndex: number) => Uint8Array,
): FeatureSource => ({
  imageCount,
  sidePx: 4,
  grid: 2,
  async *batches() {
    for (let first = 0; first < imageCount; first += 2) {
      const own = [first, first + 1].filter((imageIndex) => imageIndex < imageCount)
      const values = own.flatMap((imageIndex) =>
        [0, 1, 2, 3].flatMap((patch) => [imageIndex + 1, patch]),
      )
      yield {
        first,
        features: { rows: own.length * 4, dim: 2, values: Float64Array.from(values) },
        masks: own.map(createMask),
      }
    }
  },
})

/** Class 1 in the first patch, ignored pixels in the last, class 0 elsewhere. */
const mask = Uint8Array.from([1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 255, 255, 0, 0, 255, 255])
const options = {
  patchPx: 2,
  classes: 2,
  ignoreLabel: 255,
  seed: 1,
  sources: [aSource(5, () => mask)],
}
const hyperparameters = IN_CONTEXT_HYPERPARAMETERS.Scenes
const everyPatch = { ...hyperparameters, memoryBudget: { memorySize: 20 } }
/** Which image and patch each key is, from the direction of its features. */
const listOrigins = ({ keys }: Awaited<ReturnType<typeof buildMemoryBank>>): string[] =>
  Array.from({ length: keys.rows }, (_, row) => {
    const [x = 1, y = 0] = keys.values.subarray(row * 2, row * 2 + 2)
    return (y / x).toFixed(3)
  })

test('with room for all, the memory holds every patch with its label, ignored pixels as class 0', async () => {
  const memory = await buildMemoryBank({ ...options, hyperparameters: everyPatch })
  expect(memory.keys.rows).toBe(20)
  const expected = [1, 2, 3, 4, 5].flatMap((x) => [0, 1, 2, 3].map((y) => (y / x).toFixed(3)))
  expect(listOrigins(memory).sort()).toEqual(expected.sort())
  const lengths = Array.from({ length: 20 }, (_, row) =>
    Math.hypot(...memory.keys.values.subarray(row * 2, row * 2 + 2)),
  )
  expect(Math.max(...lengths.map((length) => Math.abs(length - 1)))).toBeLessThan(1e-7)
  const classOne = Array.from({ length: 20 }, (_, row) => memory.labels[row * 2 + 1])
  expect(listOrigins(memory).filter((_, row) => classOne[row] === 1)).toEqual(
    new Array(5).fill('0.000'),
  )
})

test('a bounded memory favors the rarer class, and the draws depend on seed and epoch only', async () => {
  const one = { ...hyperparameters, memoryBudget: { patchesPerImage: 1 } }
  const many = { ...options, sources: [aSource(60, () => mask)], hyperparameters: one }
  const memory = await buildMemoryBank(many)
  const rare = listOrigins(memory).filter((origin) => origin === '0.000').length
  // The score of the one patch of class 1 is a third of that of the others.
  expect(rare).toBeGreaterThan(60 / 4)
  expect(listOrigins(await buildMemoryBank(many))).toEqual(listOrigins(memory))
  expect(listOrigins(await buildMemoryBank({ ...many, seed: 2 }))).not.toEqual(listOrigins(memory))
  const [source] = many.sources
  const twice = await buildMemoryBank({ ...many, sources: source ? [source, source] : [] })
  expect(listOrigins(twice).slice(0, 60)).toEqual(listOrigins(memory))
  expect(listOrigins(twice).slice(60)).not.toEqual(listOrigins(memory))
})

test('an incomplete last batch is left out where the profile says so', async () => {
  const whole = await buildMemoryBank({
    ...options,
    hyperparameters: { ...everyPatch, dropLastBatchSize: 2 },
  })
  expect(whole.keys.rows).toBe(16)
})
