import type { RgbImage } from './rgb-image.ts'

/** Gray level of a color as Pillow computes it: ITU-R 601 with 16 binary places, rounded. */
const grayLevel = (red: number, green: number, blue: number): number =>
  (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16

/** The image in levels of gray, in three equal channels. */
export function toGray(image: RgbImage): RgbImage {
  const { rgb } = image
  const gray = new Uint8Array(rgb.length)
  for (let i = 0; i < rgb.length; i += 3) {
    const level = grayLevel(rgb[i] as number, rgb[i + 1] as number, rgb[i + 2] as number)
    gray[i] = level
    gray[i + 1] = level
    gray[i + 2] = level
  }
  return { ...image, rgb: gray }
}

/** Multiplies all levels by a factor, cut off at 255. */
export function adjustBrightness(image: RgbImage, factor: number): RgbImage {
  return throughTable(image, blendTable(0, factor))
}

/** Moves all levels from (factor above 1) or to (below 1) the mean level of gray. */
export function adjustContrast(image: RgbImage, factor: number): RgbImage {
  return throughTable(image, blendTable(meanGray(image), factor))
}

/** Moves colors from (factor above 1) or to (below 1) their level of gray. */
export function adjustSaturation(image: RgbImage, factor: number): RgbImage {
  const { rgb } = image
  const adjusted = new Uint8Array(rgb.length)
  const share = Math.fround(factor)
  for (let i = 0; i < rgb.length; i += 3) {
    const red = rgb[i] as number
    const green = rgb[i + 1] as number
    const blue = rgb[i + 2] as number
    const gray = grayLevel(red, green, blue)
    adjusted[i] = blend(gray, red, share)
    adjusted[i + 1] = blend(gray, green, share)
    adjusted[i + 2] = blend(gray, blue, share)
  }
  return { ...image, rgb: adjusted }
}

function throughTable(image: RgbImage, table: Uint8Array): RgbImage {
  const { rgb } = image
  const adjusted = new Uint8Array(rgb.length)
  for (let i = 0; i < rgb.length; i++) adjusted[i] = table[rgb[i] as number] as number
  return { ...image, rgb: adjusted }
}

function meanGray({ rgb }: RgbImage): number {
  let sum = 0
  for (let i = 0; i < rgb.length; i += 3) {
    sum += grayLevel(rgb[i] as number, rgb[i + 1] as number, rgb[i + 2] as number)
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
