import type { Dataset } from '../../vision/datasets/dataset.ts'
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
} from '../../vision/images/adjust-colours.ts'
import { adjustHue } from '../../vision/images/adjust-hue.ts'
import { drawCrop } from '../../vision/images/draw-crop.ts'
import { type ColourStatistics, normaliseImage } from '../../vision/images/normalise-image.ts'
import { type PixelBox, resizeImage } from '../../vision/images/resize-image.ts'
import { resizeLabels } from '../../vision/images/resize-labels.ts'
import type { LabelMap, RgbImage } from '../../vision/images/rgb-image.ts'
import { type RandomStream, randomStream } from '../../vision/random/random-stream.ts'
import { resize } from '../core/resample.ts'
import type { ColourJitter, RandomCrop } from '../profiles.ts'
import type { PicturePlanes } from './encode-pictures.ts'
import type { PreparePicture } from './prepared-picture.ts'

export interface DrawnPictures {
  readonly dataset: Dataset
  readonly sidePx: number
  readonly normalisation: ColourStatistics
  readonly crop: RandomCrop
  readonly seed: number
  readonly epoch: number
}

/**
 * Memory pictures of one epoch (neco-method §4.2): colours jittered on bytes, normalised, and then
 * cropped as floating-point planes, antialiased or not; the mask by nearest pixels.
 */
export function memoryPictures(
  options: DrawnPictures & { readonly jitter: ColourJitter; readonly antialiased: boolean },
): PreparePicture {
  const { dataset, sidePx, seed, epoch } = options
  return async (index) => {
    const [image, mask] = [await dataset.image(index), await dataset.mask(index)]
    const indices = [epoch, index]
    const colours = randomStream({ seed, purpose: 'memory-colors', indices })
    const planes = normaliseImage(jittered(image, options.jitter, colours), options.normalisation)
    const box = drawBox(
      image,
      options.crop,
      randomStream({ seed, purpose: 'memory-crops', indices }),
    )
    const filter = options.antialiased ? 'BilinearAntialias' : 'Bilinear'
    return {
      planes: croppedPlanes(planes, image, { box, sidePx, filter }),
      mask: croppedMask(mask, box, { sidePx, rule: 'Torch' }),
    }
  }
}

/** Pictures that the linear probe is trained on in one epoch (neco-method §4.3): cropped on bytes, flipped, normalised. */
export function probePictures(options: DrawnPictures): PreparePicture {
  const { dataset, sidePx, normalisation, crop, seed, epoch } = options
  return async (index) => {
    const [image, mask] = [await dataset.image(index), await dataset.mask(index)]
    const draws = randomStream({ seed, purpose: 'probe-crops', indices: [epoch, index] })
    const box = drawBox(image, crop, draws)
    const size = { width: sidePx, height: sidePx }
    const cut = resizeImage(image, { ...size, filter: 'Bilinear', box })
    const labels = croppedMask(mask, box, { sidePx, rule: 'Pillow' })
    if (draws.uniform() >= crop.flipProbability) {
      return { planes: normaliseImage(cut, normalisation), mask: labels }
    }
    const rgb = mirrored(cut.rgb, sidePx, 3)
    return {
      planes: normaliseImage({ ...size, rgb }, normalisation),
      mask: mirrored(labels, sidePx, 1),
    }
  }
}

/** Brightness, contrast, saturation and hue, in this order and each with its own chance. */
function jittered(image: RgbImage, jitter: ColourJitter, draws: RandomStream): RgbImage {
  const { strength, probability } = jitter
  const steps = [
    { adjust: adjustBrightness, centre: 1 },
    { adjust: adjustContrast, centre: 1 },
    { adjust: adjustSaturation, centre: 1 },
    { adjust: adjustHue, centre: 0 },
  ]
  return steps.reduce((current, { adjust, centre }) => {
    const isApplied = draws.uniform() < probability
    const amount = draws.between(centre - strength, centre + strength)
    return isApplied ? adjust(current, amount) : current
  }, image)
}

function drawBox(image: RgbImage, crop: RandomCrop, draws: RandomStream): PixelBox {
  const size = { widthPx: image.width, heightPx: image.height }
  const [left, top, right, bottom] = drawCrop(draws, { ...size, ...crop })
  return { left, top, width: right - left, height: bottom - top }
}

interface PlaneCrop {
  readonly box: PixelBox
  readonly sidePx: number
  readonly filter: 'Bilinear' | 'BilinearAntialias'
}

function croppedPlanes(
  planes: PicturePlanes,
  { width, height }: RgbImage,
  { box, sidePx, filter }: PlaneCrop,
): PicturePlanes {
  const cropped = new Float32Array(3 * sidePx * sidePx)
  const from = { rows: box.height, columns: box.width }
  const to = { rows: sidePx, columns: sidePx }
  for (let channel = 0; channel < 3; channel++) {
    const plane = planes.subarray(channel * width * height, (channel + 1) * width * height)
    const part = cutOut(plane, width, box)
    cropped.set(resize(part, { from, to, channels: 1, filter }), channel * sidePx * sidePx)
  }
  return cropped
}

function croppedMask(
  { width, labels }: LabelMap,
  box: PixelBox,
  { sidePx, rule }: { readonly sidePx: number; readonly rule: 'Pillow' | 'Torch' },
): Uint8Array {
  const part = { width: box.width, height: box.height, labels: cutOut(labels, width, box) }
  return resizeLabels(part, { width: sidePx, height: sidePx, rule }).labels
}

function cutOut<Values extends Float32Array | Uint8Array>(
  values: Values,
  width: number,
  { left, top, ...size }: PixelBox,
): Values {
  const part = values.slice(0, size.width * size.height) as Values
  for (let row = 0; row < size.height; row++) {
    const begin = (top + row) * width + left
    part.set(values.subarray(begin, begin + size.width), row * size.width)
  }
  return part
}

/** Left and right exchanged: [side, side, channels]. */
function mirrored(values: Uint8Array, sidePx: number, channels: number): Uint8Array {
  return values.map((_, place) => {
    const [pixel, channel] = [Math.floor(place / channels), place % channels]
    const column = pixel % sidePx
    return values[(pixel - column + sidePx - 1 - column) * channels + channel] as number
  })
}
