import type { Dataset } from '../../vision/datasets/dataset.ts'
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
} from '../../vision/images/adjust-colors.ts'
import { adjustHue } from '../../vision/images/adjust-hue.ts'
import { drawCrop } from '../../vision/images/draw-crop.ts'
import { type ColorStatistics, normalizeImage } from '../../vision/images/normalize-image.ts'
import { type PixelBox, resizeImage } from '../../vision/images/resize-image.ts'
import { resizeLabels } from '../../vision/images/resize-labels.ts'
import type { LabelMap, RgbImage } from '../../vision/images/rgb-image.ts'
import { type RandomStream, randomStream } from '../../vision/random/random-stream.ts'
import { resize } from '../core/resample.ts'
import type { ImagePlanes } from './encode-images.ts'
import type { SampleTransform } from './sample-transform.ts'

export interface ColorJitter {
  /**
   * Brightness, contrast and saturation factors in 1 ± strength, hue shift in ± strength; each
   * applied on its own.
   */
  readonly strength: number
  readonly probability: number
}

export interface RandomCrop {
  /** Range of area ÷ image area; above 1 the box is rejected when it does not fit. */
  readonly scale: readonly [number, number]
  readonly aspectRatio: readonly [number, number]
  readonly flipProbability: number
}

export interface AugmentationOptions {
  readonly dataset: Dataset
  readonly sidePx: number
  readonly normalization: ColorStatistics
  readonly crop: RandomCrop
  readonly seed: number
  readonly epoch: number
}

/**
 * Memory images of one epoch (docs/method.md §4.2): colors jittered on bytes, normalized, and then
 * cropped as floating-point planes, antialiased or not; the mask by nearest pixels.
 */
export function createMemoryTransform(
  options: AugmentationOptions & { readonly jitter: ColorJitter; readonly antialiased: boolean },
): SampleTransform {
  const { dataset, sidePx, seed, epoch } = options
  return async (index) => {
    const [image, mask] = [await dataset.image(index), await dataset.mask(index)]
    const indices = [epoch, index]
    const colors = randomStream({ seed, purpose: 'memory-colors', indices })
    const planes = normalizeImage(
      jitterColors(image, options.jitter, colors),
      options.normalization,
    )
    const box = drawBox(
      image,
      options.crop,
      randomStream({ seed, purpose: 'memory-crops', indices }),
    )
    const filter = options.antialiased ? 'BilinearAntialias' : 'Bilinear'
    return {
      planes: cropAndResizePlanes(planes, image, { box, sidePx, filter }),
      mask: cropAndResizeMask(mask, box, { sidePx, rule: 'Torch' }),
    }
  }
}

/**
 * Images that the linear probe is trained on in one epoch (docs/method.md §4.3): cropped on bytes,
 * flipped, normalized.
 */
export function createProbeTransform(options: AugmentationOptions): SampleTransform {
  const { dataset, sidePx, normalization, crop, seed, epoch } = options
  return async (index) => {
    const [image, mask] = [await dataset.image(index), await dataset.mask(index)]
    const draws = randomStream({ seed, purpose: 'probe-crops', indices: [epoch, index] })
    const box = drawBox(image, crop, draws)
    const size = { width: sidePx, height: sidePx }
    const cut = resizeImage(image, { ...size, filter: 'Bilinear', box })
    const labels = cropAndResizeMask(mask, box, { sidePx, rule: 'Pillow' })
    if (draws.uniform() >= crop.flipProbability) {
      return { planes: normalizeImage(cut, normalization), mask: labels }
    }
    const rgb = mirrored(cut.rgb, sidePx, 3)
    return {
      planes: normalizeImage({ ...size, rgb }, normalization),
      mask: mirrored(labels, sidePx, 1),
    }
  }
}

/** Brightness, contrast, saturation and hue, in this order and each with its own chance. */
function jitterColors(image: RgbImage, jitter: ColorJitter, draws: RandomStream): RgbImage {
  const { strength, probability } = jitter
  const steps = [
    { adjust: adjustBrightness, center: 1 },
    { adjust: adjustContrast, center: 1 },
    { adjust: adjustSaturation, center: 1 },
    { adjust: adjustHue, center: 0 },
  ]
  return steps.reduce((current, { adjust, center }) => {
    const isApplied = draws.uniform() < probability
    const amount = draws.uniformBetween(center - strength, center + strength)
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

function cropAndResizePlanes(
  planes: ImagePlanes,
  { width, height }: RgbImage,
  { box, sidePx, filter }: PlaneCrop,
): ImagePlanes {
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

function cropAndResizeMask(
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
