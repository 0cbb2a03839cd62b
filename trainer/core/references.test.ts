import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { referenceCount } from '../../method/reference-count.ts'
import { randomStream } from '../../vision/random/random-stream.ts'
import { drawPairReferences, drawQueueReferences } from './references.ts'

const settings = {
  source: 'TeacherBatch',
  count: 4,
  neighbors: 'Inter',
} as const
const drawFrom = (seed: number) => {
  const stream = randomStream({ seed, purpose: 'roi-references' })
  return (length: number) => stream.permutation(length)
}
const batch = fc.record({
  seed: fc.nat(),
  images: fc.integer({ min: 2, max: 5 }),
  cells: fc.integer({ min: 2, max: 9 }),
})
/** The references of each image. */
const byImage = (drawn: Int32Array | undefined, count: number) =>
  Array.from({ length: (drawn?.length ?? 0) / count }, (_, image) => [
    ...(drawn?.subarray(image * count, (image + 1) * count) ?? []),
  ])

describe('references from the batch', () => {
  test('with as many as an image has rows, every row is taken exactly once', () => {
    fc.assert(
      fc.property(batch, ({ seed, images, cells }) => {
        const drawn = drawPairReferences(
          { images, cells },
          { ...settings, count: cells },
          drawFrom(seed),
        )
        expect([...(drawn ?? [])].sort((a, b) => a - b)).toEqual(
          Array.from({ length: images * cells }, (_, row) => row),
        )
      }),
    )
  })

  test.each(['InterStrict', 'Intra'] as const)('%s keeps to the images it names', (neighbors) => {
    fc.assert(
      fc.property(batch, ({ seed, images, cells }) => {
        const count = 2
        const drawn = drawPairReferences(
          { images, cells },
          { ...settings, count, neighbors },
          drawFrom(seed),
        )
        byImage(drawn, count).forEach((rows, image) => {
          const isOwn = rows.map((row) => Math.floor(row / cells) === image)
          expect(isOwn).toEqual(rows.map(() => neighbors === 'Intra'))
          expect(new Set(rows).size).toBe(count)
        })
      }),
    )
  })

  test('a mask leaves rows out, and the rest is tiled where it is too small', () => {
    const mask = [0, 1, 0, 0, 0, 1]
    const drawn = drawPairReferences({ images: 2, cells: 3, mask }, settings, drawFrom(1))
    const counts = new Map<number, number>()
    for (const row of drawn ?? []) counts.set(row, (counts.get(row) ?? 0) + 1)
    expect(new Map([...counts].sort(([a], [b]) => a - b))).toEqual(
      new Map([
        [1, 4],
        [5, 4],
      ]),
    )
  })

  test('a mask that leaves nothing gives no references', () => {
    const mask = [0, 0, 0, 0]
    expect(drawPairReferences({ images: 2, cells: 2, mask }, settings, drawFrom(1))).toBeUndefined()
  })
})

describe('a fraction of the student', () => {
  const fraction = { source: 'StudentFraction', fraction: 0.3 } as const
  test('gives ⌊f·B·N⌋ references', () => {
    expect(referenceCount(fraction, { images: 4, cells: 9 })).toBe(10)
  })
  test('is one common set for every image', () => {
    const drawn = drawPairReferences(
      { images: 4, cells: 9 },
      { ...fraction, neighbors: 'Inter' },
      drawFrom(3),
    )
    const sets = byImage(drawn, 10)
    expect(sets).toEqual(sets.map(() => sets[0]))
    expect(new Set(sets[0]).size).toBe(10)
  })
})

describe('references from a queue', () => {
  test('are its filled rows, drawn through the order of the whole queue', () => {
    const order = [7, 2, 5, 0, 6, 1, 4, 3]
    const drawn = drawQueueReferences({ length: 8, entries: 3 }, 5, () => order)
    expect([...drawn]).toEqual([1, 2, 2, 0, 0])
  })
  test('are tiled where more are wanted than the queue holds', () => {
    const drawn = drawQueueReferences({ length: 2, entries: 2 }, 6, drawFrom(1))
    expect([...drawn].sort()).toEqual([0, 0, 0, 1, 1, 1])
  })
})
