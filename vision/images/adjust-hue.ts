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
    const [red, green, blue] = [rgb[i] as number, rgb[i + 1] as number, rgb[i + 2] as number]
    const value = Math.max(red, green, blue)
    const spread = value - Math.min(red, green, blue)
    if (spread === 0) {
      adjusted.fill(value, i, i + 3)
      continue
    }
    const saturation = Math.trunc(Math.fround(spread / value) * 255)
    const hue = (hueLevel(red, green, blue) + shift) & 255
    writeColour(adjusted, i, { hue, saturation, value })
  }
  return { ...image, rgb: adjusted }
}

/** Hue in 0..255 of a colour that is no grey. */
function hueLevel(red: number, green: number, blue: number): number {
  const greatest = Math.max(red, green, blue)
  const spread = greatest - Math.min(red, green, blue)
  const r = Math.fround((greatest - red) / spread)
  const g = Math.fround((greatest - green) / spread)
  const b = Math.fround((greatest - blue) / spread)
  const sextant = red === greatest ? b - g : green === greatest ? 2 + r - b : 4 + g - r
  const turns = Math.fround(sextant) / 6 + 1
  return Math.trunc(Math.fround(turns >= 1 ? turns - 1 : turns) * 255)
}

interface Hsv {
  readonly hue: number
  readonly saturation: number
  readonly value: number
}

/** Sextant of each hue, and how far it is within. */
const sextantOf = Uint8Array.from({ length: 256 }, (_, hue) => Math.floor((hue * 6) / 255) % 6)
const withinSextant = Float32Array.from(
  { length: 256 },
  (_, hue) => (hue * 6) / 255 - Math.floor((hue * 6) / 255),
)

/** Which channel has the greatest, the least and the middle level; the middle one rises in even sextants. */
interface Places {
  readonly value: number
  readonly low: number
  readonly middle: number
}
const placesOf: readonly Places[] = [
  { value: 0, low: 2, middle: 1 },
  { value: 1, low: 2, middle: 0 },
  { value: 1, low: 0, middle: 2 },
  { value: 2, low: 0, middle: 1 },
  { value: 2, low: 1, middle: 0 },
  { value: 0, low: 1, middle: 2 },
]

function writeColour(rgb: Uint8Array, first: number, { hue, saturation, value }: Hsv): void {
  const share = Math.fround(saturation / 255)
  const within = withinSextant[hue] as number
  const low = Math.round(value * (1 - share))
  const falling = Math.round(value * (1 - share * within))
  const rising = Math.round(value * (1 - share * (1 - within)))
  const sextant = sextantOf[hue] as number
  const places = placesOf[sextant] as Places
  rgb[first + places.value] = value
  rgb[first + places.low] = low
  rgb[first + places.middle] = sextant % 2 === 0 ? rising : falling
}
