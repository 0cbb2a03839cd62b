import type { RgbImage } from './rgb-image.ts'

/** Grey level of a colour as Pillow computes it: ITU-R 601 with 16 binary places, rounded. */
const greyLevel = (red: number, green: number, blue: number): number =>
  (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16

/** The image in levels of grey, in three equal channels. */
export function toGrey(image: RgbImage): RgbImage {
  const { rgb } = image
  const grey = new Uint8Array(rgb.length)
  for (let i = 0; i < rgb.length; i += 3) {
    const level = greyLevel(rgb[i] as number, rgb[i + 1] as number, rgb[i + 2] as number)
    grey[i] = level
    grey[i + 1] = level
    grey[i + 2] = level
  }
  return { ...image, rgb: grey }
}

/** Multiplies all levels by a factor, cut off at 255. */
export function adjustBrightness(image: RgbImage, factor: number): RgbImage {
  return throughTable(image, blendTable(0, factor))
}

/** Moves all levels from (factor above 1) or to (below 1) the mean level of grey. */
export function adjustContrast(image: RgbImage, factor: number): RgbImage {
  return throughTable(image, blendTable(meanGrey(image), factor))
}

/** Moves colours from (factor above 1) or to (below 1) their level of grey. */
export function adjustSaturation(image: RgbImage, factor: number): RgbImage {
  const { rgb } = image
  const adjusted = new Uint8Array(rgb.length)
  const share = Math.fround(factor)
  for (let i = 0; i < rgb.length; i += 3) {
    const red = rgb[i] as number
    const green = rgb[i + 1] as number
    const blue = rgb[i + 2] as number
    const grey = greyLevel(red, green, blue)
    adjusted[i] = blend(grey, red, share)
    adjusted[i + 1] = blend(grey, green, share)
    adjusted[i + 2] = blend(grey, blue, share)
  }
  return { ...image, rgb: adjusted }
}

function throughTable(image: RgbImage, table: Uint8Array): RgbImage {
  const { rgb } = image
  const adjusted = new Uint8Array(rgb.length)
  for (let i = 0; i < rgb.length; i++) adjusted[i] = table[rgb[i] as number] as number
  return { ...image, rgb: adjusted }
}

function meanGrey({ rgb }: RgbImage): number {
  let sum = 0
  for (let i = 0; i < rgb.length; i += 3) {
    sum += greyLevel(rgb[i] as number, rgb[i + 1] as number, rgb[i + 2] as number)
  }
  return Math.trunc(sum / (rgb.length / 3) + 0.5)
}

/** Pillow's Image.blend of 8-bit levels: float32 arithmetic, cut to 0..255, fraction dropped. */
function blend(from: number, to: number, share: number): number {
  const mixed = Math.fround(from + Math.fround(share * (to - from)))
  return mixed <= 0 ? 0 : Math.min(255, Math.trunc(mixed))
}

const blendTable = (from: number, factor: number): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, level) => blend(from, level, Math.fround(factor)))
