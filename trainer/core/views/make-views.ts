import type { ViewsSettings } from '../../../method/settings/views.ts'
import { normalizeImage } from '../../../vision/images/normalize-image.ts'
import { resizeImage } from '../../../vision/images/resize-image.ts'
import type { RgbImage } from '../../../vision/images/rgb-image.ts'
import { randomStream } from '../../../vision/random/random-stream.ts'
import { drawColors } from './color-draws.ts'
import type { Box } from './crop-box.ts'
import { type CropPairBoxes, computeCropPairBoxes } from './crop-pair-boxes.ts'
import { drawCrops, listCropSides } from './draw-crops.ts'
import { recolorCrop } from './recolor-crop.ts'

/** Which sample is seen when: it determines every draw, whatever was drawn before and by whom. */
export interface SampleKey {
  readonly seed: number
  readonly epoch: number
  /** Index of the image in its data set. */
  readonly sample: number
}

export interface Views extends CropPairBoxes {
  /** Crop boxes in pixels of the image: two global crops, then the local ones. */
  readonly boxes: readonly Box[]
  /**
   * Normalized crops in the order of `boxes`; crop c is [3, side, side] with the side of cropSides.
   */
  readonly crops: readonly Float32Array[]
}

/**
 * The augmented crops of one image and where they overlap (docs/method.md §1.1, §1.2). A pure
 * function. Throws OverlapError where crops cannot overlap as asked.
 */
export function makeViews(image: RgbImage, views: ViewsSettings, key: SampleKey): Views {
  const { seed, epoch, sample } = key
  const stream = randomStream({ seed, purpose: 'crop-boxes', indices: [epoch, sample] })
  const size = { widthPx: image.width, heightPx: image.height }
  const boxes = drawCrops(stream, size, views)
  const sides = listCropSides(views)
  const crops = boxes.map((box, view) => {
    const indices = [epoch, sample, view]
    const colors = drawColors(randomStream({ seed, purpose: 'crop-colors', indices }), views)
    return normalizeImage(recolorCrop(cutOut(image, box, sides[view] ?? 0), colors))
  })
  return { boxes, crops, ...computeCropPairBoxes(boxes, sides) }
}

function cutOut(image: RgbImage, [left, top, right, bottom]: Box, sidePx: number): RgbImage {
  const box = { left, top, width: right - left, height: bottom - top }
  return resizeImage(image, { width: sidePx, height: sidePx, filter: 'Bilinear', box })
}
