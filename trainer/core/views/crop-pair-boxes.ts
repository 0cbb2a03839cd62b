import { type Box, intersectBoxes } from './crop-box.ts'

export interface CropPairBoxes {
  /** [g][c]: the overlap of global crop g with crop c, in pixels of the resized crop g. */
  readonly inGlobal: readonly (readonly Box[])[]
  /** [c][g]: the same overlap in pixels of the resized crop c. */
  readonly inCrop: readonly (readonly Box[])[]
}

/** A box of the image in the pixels of a crop of it that was resized to side × side. */
function toResizedCrop(box: Box, crop: Box, side: number): Box {
  const perX = side / (crop[2] - crop[0])
  const perY = side / (crop[3] - crop[1])
  return [
    (box[0] - crop[0]) * perX,
    (box[1] - crop[1]) * perY,
    (box[2] - crop[0]) * perX,
    (box[3] - crop[1]) * perY,
  ]
}

/**
 * Where each global crop and each crop overlap, in the pixels of either (docs/method.md §1.2;
 * crop_pair_boxes.json). The first two crops are global.
 */
export function computeCropPairBoxes(
  crops: readonly Box[],
  sides: readonly number[],
): CropPairBoxes {
  const globals = crops.slice(0, 2)
  const inGlobal = globals.map((global, g) =>
    crops.map((crop) => toResizedCrop(intersectBoxes(global, crop), global, sides[g] ?? 0)),
  )
  const inCrop = crops.map((crop, c) =>
    globals.map((global) => toResizedCrop(intersectBoxes(global, crop), crop, sides[c] ?? 0)),
  )
  return { inGlobal, inCrop }
}
