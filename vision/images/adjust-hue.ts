import type { RgbImage } from './rgb-image.ts'

/**
 * Turns the hue by a share of the circle in [−½, ½], in the 8-bit HSV of Pillow, whose rounding
 * is part of what torchvision does to photographs.
 */
export function adjustHue(image: RgbImage, turn: number): RgbImage {
  const { rgb } = image
  const shift = Math.trunc(turn * 255) & 255
  const adjusted = new Uint8Array(rgb.length)
  for (let i = 0; i < rgb.length; i += 3) {
    const red = rgb[i] as number
    const green = rgb[i + 1] as number
    const blue = rgb[i + 2] as number
    const value = Math.max(red, green, blue)
    const spread = value - Math.min(red, green, blue)
    // A gray has no hue, and the tables give all three channels its value.
    const hue = spread === 0 ? 0 : (hueLevel(red, green, blue) + shift) & 255
    const saturation = saturationTable[(spread << 8) | value] as number
    const drop = (saturationFractions[saturation] as number) * (hueDropTable[hue] as number)
    adjusted[i + (channelOrderTable[3 * hue] as number)] = value
    adjusted[i + (channelOrderTable[3 * hue + 1] as number)] = minimumTable[
      (saturation << 8) | value
    ] as number
    adjusted[i + (channelOrderTable[3 * hue + 2] as number)] = Math.round(value * (1 - drop))
  }
  return { ...image, rgb: adjusted }
}

/** Hue in 0..255 of a color that is no gray. */
function hueLevel(red: number, green: number, blue: number): number {
  const greatest = Math.max(red, green, blue)
  const spread = greatest - Math.min(red, green, blue)
  const sextant =
    red === greatest
      ? Math.fround((greatest - blue) / spread) - Math.fround((greatest - green) / spread)
      : green === greatest
        ? 2 + Math.fround((greatest - red) / spread) - Math.fround((greatest - blue) / spread)
        : 4 + Math.fround((greatest - green) / spread) - Math.fround((greatest - red) / spread)
  const turns = Math.fround(sextant) / 6 + 1
  return Math.trunc(Math.fround(turns >= 1 ? turns - 1 : turns) * 255)
}

const buildByteTable = (level: (high: number, low: number) => number): Uint8Array =>
  Uint8Array.from({ length: 65_536 }, (_, at) => level(at >> 8, at & 255))

/** Saturation by spread and value; what no color has is 0. */
const saturationTable = buildByteTable((spread, value) =>
  value === 0 ? 0 : Math.trunc(Math.fround(spread / value) * 255),
)
const saturationFractions = Float32Array.from({ length: 256 }, (_, saturation) => saturation / 255)
/** The least level by saturation and value. */
const minimumTable = buildByteTable((saturation, value) =>
  Math.round(value * (1 - (saturationFractions[saturation] as number))),
)

const toSextant = (hue: number): number => Math.floor((hue * 6) / 255) % 6
const withinSextant = (hue: number): number =>
  Math.fround((hue * 6) / 255 - Math.floor((hue * 6) / 255))

/**
 * By how much of the saturation the middle level is below the value: it rises in even sextants and
 * falls in odd ones.
 */
const hueDropTable = Float64Array.from({ length: 256 }, (_, hue) =>
  toSextant(hue) % 2 === 0 ? 1 - withinSextant(hue) : withinSextant(hue),
)
/** Which channel has the greatest, the least and the middle level in each sextant. */
const CHANNELS = [
  [0, 2, 1],
  [1, 2, 0],
  [1, 0, 2],
  [2, 0, 1],
  [2, 1, 0],
  [0, 1, 2],
] as const
/** The same for each hue, one after the other. */
const channelOrderTable = Uint8Array.from(
  Array.from({ length: 256 }, (_, hue) => CHANNELS[toSextant(hue)] ?? []).flat(),
)
