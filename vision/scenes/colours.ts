import type { RandomStream } from '../random/random-stream.ts'
import { clamp } from './portable-math.ts'

/** Red, green and blue in [0, 1]. */
export type Colour = readonly [number, number, number]

/** Ranges of saturation and value. */
export interface ColourRange {
  readonly saturation: readonly [number, number]
  readonly value: readonly [number, number]
}

const strong: ColourRange = { saturation: [0.4, 0.9], value: [0.45, 0.95] }

/** Colour of a hue in turns, a saturation and a value. */
function colourOfHue(hue: number, saturation: number, value: number): Colour {
  const channel = (offset: number) => {
    const k = (offset + hue * 6) % 6
    return value - value * saturation * clamp(Math.min(k, 4 - k), 0, 1)
  }
  return [channel(5), channel(3), channel(1)]
}

/** A colour of any hue. */
export function randomColour(random: RandomStream, range: ColourRange = strong): Colour {
  return colourOfHue(
    random.uniform(),
    random.between(...range.saturation),
    random.between(...range.value),
  )
}

/** A colour whose hue is, six times in ten, within 0.05 of one of the preferred hues. */
export function tintedColour(random: RandomStream, hues: readonly number[]): Colour {
  if (hues.length === 0 || random.uniform() > 0.6) return randomColour(random)
  const hue = hues[random.int(hues.length)] ?? 0
  return colourOfHue(
    (hue + random.between(-0.05, 0.05) + 1) % 1,
    random.between(0.45, 0.85),
    random.between(0.45, 0.95),
  )
}

/** The colour on the way from one to another, `share` in [0, 1]. */
export function blend(from: Colour, to: Colour, share: number): Colour {
  const mix = (i: 0 | 1 | 2) => from[i] * (1 - share) + to[i] * share
  return [mix(0), mix(1), mix(2)]
}
