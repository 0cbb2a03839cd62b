import type { ViewsSettings } from '../../../method/settings/views.ts'
import { type CropRange, drawCrop } from '../../../vision/images/draw-crop.ts'
import type { RandomStream } from '../../../vision/random/random-stream.ts'
import { type Box, computeBoxArea, intersectBoxes } from './crop-box.ts'

const GLOBAL_CROPS = 2
const MAX_REDRAWS = 1000

/** Thrown when crops cannot be made to overlap as asked. */
export class OverlapError extends Error {
  override readonly name = 'OverlapError'
  readonly code = 'OverlapUnreachable'
}

interface ImageSize {
  readonly widthPx: number
  readonly heightPx: number
}

/** A crop that shares more than `leastPx` pixels with each of `others`. */
function drawOverlapping(
  stream: RandomStream,
  range: CropRange,
  rule: { readonly others: readonly Box[]; readonly leastPx: number },
): Box {
  for (let attempt = 0; attempt < MAX_REDRAWS; attempt++) {
    const crop = drawCrop(stream, range)
    if (rule.others.every((other) => computeBoxArea(intersectBoxes(crop, other)) > rule.leastPx))
      return crop
  }
  throw new OverlapError(
    `no crop of ${MAX_REDRAWS} shares more than ${rule.leastPx} of ${range.widthPx}×${range.heightPx} pixels with the global crops: ` +
      'lower views.minIntersection or raise views.localScale and views.globalScale',
  )
}

/**
 * Draws the crops of one image: two global, then the local ones (docs/method.md §1.1). The second
 * global crop shares more than twice, each local crop more than once, ⌊minIntersection·W·H⌋ pixels
 * with every global crop. Throws OverlapError where a thousand draws do not reach that.
 */
export function drawCrops(stream: RandomStream, image: ImageSize, views: ViewsSettings): Box[] {
  const global = { ...image, scale: views.globalScale, aspectRatio: views.aspectRatio }
  const local = { ...image, scale: views.localScale, aspectRatio: views.aspectRatio }
  const leastPx = Math.floor(views.minIntersection * image.widthPx * image.heightPx)
  const first = drawCrop(stream, global)
  const second = drawOverlapping(stream, global, { others: [first], leastPx: 2 * leastPx })
  const others = [first, second]
  const locals = Array.from({ length: views.localCrops }, () =>
    drawOverlapping(stream, local, { others, leastPx }),
  )
  return [first, second, ...locals]
}

/** The side in pixels of each resized crop, in the order of drawCrops. */
export const listCropSides = (views: ViewsSettings): number[] => [
  ...Array<number>(GLOBAL_CROPS).fill(views.globalSizePx),
  ...Array<number>(views.localCrops).fill(views.localSizePx),
]
