import { describe, expect, test } from 'vitest'
import { parseGoldenTensor, readGolden } from '../../test/golden/read-golden.ts'
import { blurAttention, foregroundMask } from './foreground-mask.ts'

interface GoldenCase {
  readonly spatial_res: number
  readonly threshold: number
  readonly attention: unknown
  readonly blurred: unknown
  readonly mask: unknown
}
const { cases } = readGolden('attention_masks') as { readonly cases: readonly GoldenCase[] }

/** The maps of a golden tensor of shape [images, 1, side, side]. */
function toAttentionMaps(node: unknown, side: number): Float64Array[] {
  const { data } = parseGoldenTensor(node)
  const size = side * side
  return Array.from({ length: data.length / size }, (_, i) => data.slice(i * size, (i + 1) * size))
}

const furthest = (ours: Float64Array, theirs: ArrayLike<number>) =>
  ours.reduce((most, value, i) => Math.max(most, Math.abs(value - (theirs[i] ?? Number.NaN))), 0)

describe('attention becomes a mask as in the released program', () => {
  test.each(cases.map((given, i) => [i, given] as const))('case %i', (_, given) => {
    const { spatial_res: side, threshold: massThreshold } = given
    const maps = toAttentionMaps(given.attention, side)
    const blurred = toAttentionMaps(given.blurred, side)
    const distances = maps.map((map, i) => furthest(blurAttention(map, side), blurred[i] ?? []))
    expect(Math.max(...distances)).toBeLessThanOrEqual(1e-12)
    const masks = maps.map((attention) => foregroundMask({ side, attention, massThreshold }))
    expect(masks.map((mask) => [...mask])).toEqual(
      toAttentionMaps(given.mask, side).map((map) => [...map]),
    )
  })
})

test('a grid smaller than the blur is reflected as often as needed', () => {
  const even = new Float64Array(4).fill(0.25)
  const single = Float64Array.of(0.5)
  const float32 = 2 ** -24 // the weights sum to 1 within float32
  expect(furthest(blurAttention(even, 2), even)).toBeLessThan(float32)
  expect(furthest(blurAttention(single, 1), single)).toBeLessThan(float32)
})
