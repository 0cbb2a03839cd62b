import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomStream } from '../../vision/random/random-stream.ts'
import { alignFeatures, drawCropPair, intersectSquares, toGridBox } from './crop-pair.ts'
import { kendallTau, neighborAgreement } from './neighbor-agreement.ts'

const scores = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 12 })

describe('Kendall τ', () => {
  test('is 1 for the same order, −1 for the opposite, and counts swapped pairs between', () => {
    expect(kendallTau([1, 2, 3, 4], [10, 20, 30, 40])).toBe(1)
    expect(kendallTau([1, 2, 3, 4], [4, 3, 2, 1])).toBe(-1)
    expect(kendallTau([1, 2, 3, 4], [1, 2, 4, 3])).toBeCloseTo(4 / 6, 15)
    expect(kendallTau([1, 1, 2], [1, 2, 3])).toBeCloseTo(2 / 3, 15)
  })

  test('does not change under an increasing map and flips under a decreasing one', () => {
    fc.assert(
      fc.property(scores, fc.infiniteStream(fc.integer()), (first, stream) => {
        const second = Array.from(stream.take(first.length))
        const tau = kendallTau(first, second)
        expect(
          kendallTau(
            first.map((x) => 3 * x + 1),
            second,
          ),
        ).toBe(tau)
        expect(
          kendallTau(
            first.map((x) => -x),
            second,
          ) + tau,
        ).toBeCloseTo(0, 14)
      }),
    )
  })
})

describe('neighbor agreement', () => {
  test('is the mean over patches of τ, of the same nearest, and of the five nearest in common', () => {
    const same = [9, 8, 7, 6, 5, 4, 3]
    const moved = [3, 8, 7, 6, 5, 4, 9] // the nearest and the farthest change places
    const agreement = neighborAgreement({
      first: [...same, ...same],
      second: [...same, ...moved],
      references: 7,
    })
    expect(agreement.tau).toBeCloseTo((1 + (21 - 2 * 11) / 21) / 2, 14)
    expect(agreement.top1).toBe(0.5)
    expect(agreement.top5).toBeCloseTo((1 + 4 / 5) / 2, 14)
  })
})

describe('the pair of crops', () => {
  const size = { widthPx: 130, heightPx: 96 }

  test('lies inside the image, overlaps, and is the same for the same seed', () => {
    fc.assert(
      fc.property(fc.nat(100_000), (seed) => {
        const draw = () =>
          drawCropPair(size, [0.6, 1], randomStream({ seed, purpose: 'neighbor-references' }))
        const pair = draw()
        expect(draw()).toEqual(pair)
        for (const { x, y, side } of pair) {
          expect(side).toBeGreaterThanOrEqual(58)
          expect(Math.min(x, y)).toBeGreaterThanOrEqual(0)
          expect(x + side).toBeLessThanOrEqual(size.widthPx)
          expect(y + side).toBeLessThanOrEqual(size.heightPx)
        }
        expect(intersectSquares(pair[0], pair[1])).toBeDefined()
      }),
    )
  })

  test('squares that only touch do not overlap', () => {
    expect(intersectSquares({ x: 0, y: 0, side: 4 }, { x: 4, y: 0, side: 4 })).toBeUndefined()
  })

  test('aligned features show the same place of the image through both crops', () => {
    // A feature map whose two channels are the coordinates of the patch centers in the image.
    const grid = 8
    const buildCoordinateMap = (square: { x: number; y: number; side: number }) => ({
      rows: grid * grid,
      dim: 2,
      values: Float64Array.from({ length: grid * grid * 2 }, (_, place) => {
        const patch = Math.floor(place / 2)
        const at = place % 2 === 0 ? patch % grid : Math.floor(patch / grid)
        return (place % 2 === 0 ? square.x : square.y) + ((at + 0.5) * square.side) / grid
      }),
    })
    const [a, b] = [
      { x: 0, y: 8, side: 64 },
      { x: 24, y: 0, side: 80 },
    ]
    const box = intersectSquares(a, b) ?? { x: 0, y: 0, width: 0, height: 0 }
    const aligned = [a, b].map((square) =>
      alignFeatures(buildCoordinateMap(square), {
        grid: { rows: grid, columns: grid },
        box: toGridBox(box, square, grid),
        bins: 2,
      }),
    )
    const centers = [34, 24, 54, 24, 34, 56, 54, 56]
    expect(box).toEqual({ x: 24, y: 8, width: 40, height: 64 })
    expect(aligned.map((points) => Array.from(points, (x) => Math.round(x * 1e9) / 1e9))).toEqual([
      centers,
      centers,
    ])
  })
})
