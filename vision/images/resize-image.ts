import {
  FIXED_POINT_BITS,
  type ResamplingFilter,
  type ResamplingWeights,
  resamplingWeights,
} from './resampling-weights.ts'
import type { RgbImage } from './rgb-image.ts'

/** A part of an image in whole pixels. */
export interface PixelBox {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

export interface ResizeOptions {
  readonly width: number
  readonly height: number
  readonly filter: ResamplingFilter
  /** The part to resize; nothing outside has influence. The whole image when left out. */
  readonly box?: PixelBox
}

const half = 2 ** (FIXED_POINT_BITS - 1)

/**
 * Resizes an image, or a part of it, with the very numbers of Pillow's resize and crop
 * (image_ops.json).
 */
export function resizeImage(image: RgbImage, options: ResizeOptions): RgbImage {
  const { width, height, filter } = options
  const box = options.box ?? { left: 0, top: 0, width: image.width, height: image.height }
  const across = resamplingWeights(box.width, width, filter)
  const down = resamplingWeights(box.height, height, filter)
  const source = cropPixels(image, box)
  const wide = box.width === width ? source : resizeRows(source, across, box)
  return { width, height, rgb: box.height === height ? wide : resizeColumns(wide, down, width) }
}

/** The pixels of a box; the image's own array when the box is the image. */
function cropPixels({ width, height, rgb }: RgbImage, box: PixelBox): Uint8Array {
  if (box.width === width && box.height === height) return rgb
  const part = new Uint8Array(3 * box.width * box.height)
  for (let row = 0; row < box.height; row++) {
    const first = 3 * ((box.top + row) * width + box.left)
    part.set(rgb.subarray(first, first + 3 * box.width), 3 * row * box.width)
  }
  return part
}

// Indices are in range by construction; `as number` says so at no cost. Sums stay below 2³¹.
const roundToByte = (sum: number): number => Math.min(255, Math.max(0, sum >> FIXED_POINT_BITS))

function resizeRows(source: Uint8Array, across: ResamplingWeights, box: PixelBox): Uint8Array {
  const { begins, counts, weights, taps } = across
  const columns = begins.length
  const resized = new Uint8Array(3 * columns * box.height)
  for (let row = 0; row < box.height; row++) {
    for (let column = 0; column < columns; column++) {
      let from = 3 * (row * box.width + (begins[column] as number))
      const firstWeight = column * taps
      const lastWeight = firstWeight + (counts[column] as number)
      let red = half
      let green = half
      let blue = half
      for (let tap = firstWeight; tap < lastWeight; tap++) {
        const weight = weights[tap] as number
        red = (red + Math.imul(weight, source[from] as number)) | 0
        green = (green + Math.imul(weight, source[from + 1] as number)) | 0
        blue = (blue + Math.imul(weight, source[from + 2] as number)) | 0
        from += 3
      }
      const to = 3 * (row * columns + column)
      resized[to] = roundToByte(red)
      resized[to + 1] = roundToByte(green)
      resized[to + 2] = roundToByte(blue)
    }
  }
  return resized
}

/** Adds whole rows to a row of sums, so that memory is read in order. */
function resizeColumns(source: Uint8Array, down: ResamplingWeights, width: number): Uint8Array {
  const { begins, counts, weights, taps } = down
  const rowLength = 3 * width
  const sums = new Int32Array(rowLength)
  const resized = new Uint8Array(rowLength * begins.length)
  for (let row = 0; row < begins.length; row++) {
    sums.fill(half)
    for (let tap = 0; tap < (counts[row] as number); tap++) {
      const weight = weights[row * taps + tap] as number
      const from = ((begins[row] as number) + tap) * rowLength
      for (let i = 0; i < rowLength; i++) {
        sums[i] = (sums[i] as number) + Math.imul(weight, source[from + i] as number)
      }
    }
    for (let i = 0; i < rowLength; i++)
      resized[row * rowLength + i] = roundToByte(sums[i] as number)
  }
  return resized
}
