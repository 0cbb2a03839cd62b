import { describe, expect, test } from 'vitest'
import { parseGoldenTensor, readGolden } from '../../../test/golden/read-golden.ts'
import type { Box } from './crop-box.ts'
import { computeCropPairBoxes } from './crop-pair-boxes.ts'

interface GoldenCase {
  readonly size_crops: readonly [number, number]
  readonly nmb_crops: readonly [number, number]
  readonly crop_boxes_xyxy_in_image: unknown
  readonly gc: unknown
  readonly all: unknown
}
const { cases } = readGolden('crop_pair_boxes') as { cases: readonly GoldenCase[] }

const toBoxes = (flat: ArrayLike<number>): Box[] =>
  Array.from({ length: flat.length / 4 }, (_, i) => {
    const at = (k: number) => flat[4 * i + k] ?? Number.NaN
    return [at(0), at(1), at(2), at(3)]
  })

const worst = (ours: readonly number[], theirs: ArrayLike<number>): number =>
  ours.reduce((most, value, i) => Math.max(most, Math.abs(value - (theirs[i] ?? Number.NaN))), 0)

describe('boxes of crop pairs agree with the released program', () => {
  test.each(cases.map((golden, i) => [i, golden] as const))('case %i', (_, golden) => {
    const crops = toBoxes(parseGoldenTensor(golden.crop_boxes_xyxy_in_image).data)
    const sides = golden.nmb_crops.flatMap((count, kind) =>
      Array<number>(count).fill(golden.size_crops[kind] ?? 0),
    )
    const { inGlobal, inCrop } = computeCropPairBoxes(crops, sides)
    const gc = parseGoldenTensor(golden.gc).data
    const all = parseGoldenTensor(golden.all).data
    expect(inGlobal.flat(2)).toHaveLength(gc.length)
    expect(inCrop.flat(2)).toHaveLength(all.length)
    expect(worst(inGlobal.flat(2), gc)).toBeLessThanOrEqual(1e-12)
    expect(worst(inCrop.flat(2), all)).toBeLessThanOrEqual(1e-12)
  })
})
