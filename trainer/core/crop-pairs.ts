import type { SparseMatrix } from '../../vision/ops/sparse-matrix.ts'
import { type MapBox, roiAlign } from './roi-align.ts'
import type { Box } from './views/crop-box.ts'

/** A global crop g of the teacher and another crop v of the student: their overlap is compared. */
export interface CropPair {
  readonly g: number
  readonly v: number
}

/** Every pair of a global crop with another crop; those of two global crops come first. */
function listCropPairs(crops: number): readonly CropPair[] {
  const locals = Array.from({ length: crops - 2 }, (_, index) => index + 2)
  return [
    { g: 0, v: 1 },
    { g: 1, v: 0 },
    ...locals.flatMap((v) => [
      { g: 0, v },
      { g: 1, v },
    ]),
  ]
}

/** The pairs in the order in which the released program draws its references: by g, then by v. */
export function toDrawOrder(pairs: readonly CropPair[]): readonly number[] {
  const order = pairs.map((_, index) => index)
  const rank = ({ g, v }: CropPair) => g * pairs.length + v
  return order.sort((a, b) => rank(pairs[a] as CropPair) - rank(pairs[b] as CropPair))
}

/** Boxes of the overlaps of each image, in pixels of the resized crops: see cropPairBoxes. */
export interface OverlapBoxes {
  readonly inGlobal: readonly (readonly Box[])[]
  readonly inCrop: readonly (readonly Box[])[]
}

export interface PairGrids {
  readonly patchSizePx: number
  /** Patches along a side of a global and of a local crop. */
  readonly globalSide: number
  readonly localSide: number
  /** Cells along a side of the aligned grid. */
  readonly alignedSide: number
}

/**
 * Constant matrices that take patch features to aligned ones, [pairs·B·cells, …] with the pairs of
 * cropPairs.
 */
export interface PairAlignment {
  readonly pairs: readonly CropPair[]
  /** From the teacher's global crops: columns are [2·B·patches]. */
  readonly teacher: SparseMatrix
  /** From the student's global crops: the first two pairs. */
  readonly studentGlobal: SparseMatrix
  /** From the student's local crops, [(crops − 2)·B·patches]: the other pairs. */
  readonly studentLocal: SparseMatrix
}

/**
 * The alignment of a batch of images (docs/method.md §1.5): maps are crop-major, crop c of image b
 * is map c·B + b.
 */
export function alignPairs(images: readonly OverlapBoxes[], grids: PairGrids): PairAlignment {
  const batch = images.length
  const crops = images[0]?.inCrop.length ?? 2
  const pairs = listCropPairs(crops)
  const perPatch = (box: Box): Box => box.map((edge) => edge / grids.patchSizePx) as unknown as Box
  const collectMapBoxes = (
    chosen: readonly CropPair[],
    pick: (image: OverlapBoxes, pair: CropPair) => { crop: number; box: Box | undefined },
  ): MapBox[] =>
    chosen.flatMap((pair) =>
      images.map((image, b) => {
        const { crop, box } = pick(image, pair)
        return { map: crop * batch + b, box: perPatch(box ?? [0, 0, 0, 0]) }
      }),
    )
  const align = (boxes: readonly MapBox[], side: number, maps: number) =>
    roiAlign(boxes, { maps, height: side, width: side, outputSide: grids.alignedSide })
  const teacherBoxes = collectMapBoxes(pairs, ({ inGlobal }, { g, v }) => ({
    crop: g,
    box: inGlobal[g]?.[v],
  }))
  const globalBoxes = collectMapBoxes(pairs.slice(0, 2), ({ inCrop }, { g, v }) => ({
    crop: v,
    box: inCrop[v]?.[g],
  }))
  const localBoxes = collectMapBoxes(pairs.slice(2), ({ inCrop }, { g, v }) => ({
    crop: v - 2,
    box: inCrop[v]?.[g],
  }))
  return {
    pairs,
    teacher: align(teacherBoxes, grids.globalSide, 2 * batch),
    studentGlobal: align(globalBoxes, grids.globalSide, 2 * batch),
    studentLocal: align(localBoxes, grids.localSide, (crops - 2) * batch),
  }
}
