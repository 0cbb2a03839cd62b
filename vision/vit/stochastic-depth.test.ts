import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawDropPath, dropPathRates } from './stochastic-depth.ts'

/** Hands out these numbers, and the order n−1 … 0. */
function createDropSource(...uniforms: number[]) {
  let next = 0
  return {
    uniform: () => uniforms[next++ % uniforms.length] ?? 0,
    permutation: (length: number) => Array.from({ length }, (_, i) => length - 1 - i),
  }
}

test('rates rise linearly in float32; the last of rate 0.1 lies just above 0.1', () => {
  const rates = dropPathRates({ depth: 12, dropPathRate: 0.1 })
  expect(rates[0]).toBe(0)
  expect(rates[11]).toBe(0.10000000149011612)
  expect(rates).toEqual([...rates].sort((a, b) => a - b))
  expect(dropPathRates({ depth: 1, dropPathRate: 0.3 })).toEqual([0])
})

test('without a rate nothing is drawn', () => {
  const settings = { family: 'DinoV2', depth: 3, dropPathRate: 0 } as const
  expect(drawDropPath(settings, 4, createDropSource(0.5))).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})

describe('at rate 0.1 over three blocks', () => {
  test('DINOv2 keeps each image by a draw of its own, and a fixed number in the last block', () => {
    const settings = { family: 'DinoV2', depth: 3, dropPathRate: 0.1 } as const
    const scale = 1 / (1 - Math.fround(0.05))
    const [first, middle, last] = drawDropPath(settings, 4, createDropSource(0.94, 0.96))
    expect(first).toBeUndefined()
    expect(middle).toEqual({ attention: [scale, 0, scale, 0], feedForward: [scale, 0, scale, 0] })
    const subset = [0, 4 / 3, 4 / 3, 4 / 3]
    expect(last).toEqual({ attention: subset, feedForward: subset })
  })

  test('DINO v1 keeps each image by a draw of its own in every block', () => {
    const settings = { family: 'DinoV1', depth: 3, dropPathRate: 0.1 } as const
    const last = drawDropPath(settings, 2, createDropSource(0.5, 0.95)).at(-1)
    const scale = 1 / (1 - Math.fround(0.1))
    expect(last).toEqual({ attention: [scale, 0], feedForward: [scale, 0] })
  })
})

test('a subset of any batch keeps at least one image and the sum of its scales', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.double({ min: 0.11, max: 0.9, noNaN: true }),
      (batch, dropPathRate) => {
        const settings = { family: 'DinoV2', depth: 2, dropPathRate } as const
        const scales = drawDropPath(settings, batch, createDropSource(0.5)).at(-1)?.attention ?? []
        expect(scales.reduce((sum, scale) => sum + scale, 0)).toBeCloseTo(batch, 9)
        expect(scales.some((scale) => scale > 0)).toBe(true)
      },
    ),
    { seed: 4 },
  )
})
