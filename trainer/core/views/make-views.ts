import type { ViewsSettings } from '../../../crds/sections/views.ts'
import { normaliseImage } from '../../../vision/images/normalise-image.ts'
import { resizeImage } from '../../../vision/images/resize-image.ts'
import type { RgbImage } from '../../../vision/images/rgb-image.ts'
import { randomStream } from '../../../vision/random/random-stream.ts'
import { drawColours } from './colour-draws.ts'
import type { Box } from './crop-box.ts'
import { type CropPairBoxes, cropPairBoxes } from './crop-pair-boxes.ts'
import { cropSides, drawCrops } from './draw-crops.ts'
import { recolourCrop } from './recolour-crop.ts'

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
  /** Normalised crops in the order of `boxes`; crop c is [3, side, side] with the side of cropSides. */
  readonly crops: readonly Float32Array[]
}

/** The augmented crops of one image and where they overlap (neco-method §1.1, §1.2). A pure function. Throws OverlapError where crops cannot overlap as asked. */
export function makeViews(image: RgbImage, views: ViewsSettings, key: SampleKey): Views {
  const { seed, epoch, sample } = key
  const stream = randomStream({ seed, purpose: 'crop-boxes', indices: [epoch, sample] })
  const size = { widthPx: image.width, heightPx: image.height }
  const boxes = drawCrops(stream, size, views)
  const sides = cropSides(views)
  const crops = boxes.map((box, view) => {
    const indices = [epoch, sample, view]
    const colours = drawColours(randomStream({ seed, purpose: 'crop-colors', indices }), views)
    return normaliseImage(recolourCrop(cutOut(image, box, sides[view] ?? 0), colours))
  })
  return { boxes, crops, ...cropPairBoxes(boxes, sides) }
}

function cutOut(image: RgbImage, [left, top, right, bottom]: Box, sidePx: number): RgbImage {
  const box = { left, top, width: right - left, height: bottom - top }
  return resizeImage(image, { width: sidePx, height: sidePx, filter: 'Bilinear', box })
}
