import type { RgbImage } from './rgb-image.ts'

/**
 * Turns the hue by a share of the circle in [−½, ½], in the 8-bit HSV of Pillow, whose rounding
 * is part of what torchvision does to photographs.
 */
export function adjustHue(image: RgbImage, turn: number): RgbImage {
  const { rgb } = image
  const shift = Math.trunc(turn * 255) & 255
  const adjusted = new Uint8Array(rgb.length)
  const hsv = new Uint8Array(3)
  for (let i = 0; i < rgb.length; i += 3) {
    toHsv(rgb, i, hsv)
    hsv[0] = (hsv[0] as number) + shift
    fromHsv(hsv, adjusted, i)
  }
  return { ...image, rgb: adjusted }
}

/** Writes hue, saturation and value (0..255 each) of the colour at `first` into `hsv`. */
function toHsv(rgb: Uint8Array, first: number, hsv: Uint8Array): void {
  const [red, green, blue] = [
    rgb[first] as number,
    rgb[first + 1] as number,
    rgb[first + 2] as number,
  ]
  const greatest = Math.max(red, green, blue)
  const spread = greatest - Math.min(red, green, blue)
  hsv[0] = spread === 0 ? 0 : hueLevel({ red, green, blue, greatest, spread })
  hsv[1] = spread === 0 ? 0 : Math.trunc(Math.fround(spread / greatest) * 255)
  hsv[2] = greatest
}

interface Shades {
  readonly red: number
  readonly green: number
  readonly blue: number
  readonly greatest: number
  readonly spread: number
}

function hueLevel({ red, green, blue, greatest, spread }: Shades): number {
  const distance = (level: number) => Math.fround((greatest - level) / spread)
  const [r, g, b] = [distance(red), distance(green), distance(blue)]
  const sextant = red === greatest ? b - g : green === greatest ? 2 + r - b : 4 + g - r
  const turns = Math.fround((Math.fround(sextant) / 6 + 1) % 1)
  return Math.trunc(turns * 255)
}

/** Writes the colour of `hsv` at `first`. */
function fromHsv(hsv: Uint8Array, rgb: Uint8Array, first: number): void {
  const value = hsv[2] as number
  const place = ((hsv[0] as number) * 6) / 255
  const sextant = Math.floor(place)
  const within = Math.fround(place - sextant)
  const saturation = Math.fround((hsv[1] as number) / 255)
  const low = Math.round(value * (1 - saturation))
  const falling = Math.round(value * (1 - saturation * within))
  const rising = Math.round(value * (1 - saturation * (1 - within)))
  const [redIs, greenIs, blueIs] = sextants[sextant % 6] as Sextant
  const levels = { value, low, falling, rising }
  rgb[first] = levels[redIs]
  rgb[first + 1] = levels[greenIs]
  rgb[first + 2] = levels[blueIs]
}

type Level = 'value' | 'low' | 'falling' | 'rising'
type Sextant = readonly [Level, Level, Level]

const sextants: readonly Sextant[] = [
  ['value', 'rising', 'low'],
  ['falling', 'value', 'low'],
  ['low', 'value', 'rising'],
  ['low', 'falling', 'value'],
  ['rising', 'low', 'value'],
  ['value', 'low', 'falling'],
]
