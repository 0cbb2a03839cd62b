import type { RandomStream } from '../random/random-stream.ts'
import { clamp } from './portable-math.ts'

/** Red, green and blue in [0, 1]. */
export type Color = readonly [number, number, number]

/** Ranges of saturation and value. */
export interface ColorRange {
  readonly saturation: readonly [number, number]
  readonly value: readonly [number, number]
}

const strong: ColorRange = { saturation: [0.4, 0.9], value: [0.45, 0.95] }

/** Color of a hue in turns, a saturation and a value. */
function hsvToRgb(hue: number, saturation: number, value: number): Color {
  const channel = (offset: number) => {
    const k = (offset + hue * 6) % 6
    return value - value * saturation * clamp(Math.min(k, 4 - k), 0, 1)
  }
  return [channel(5), channel(3), channel(1)]
}

/** A color of any hue. */
export function randomColor(random: RandomStream, range: ColorRange = strong): Color {
  return hsvToRgb(
    random.uniform(),
    random.uniformBetween(...range.saturation),
    random.uniformBetween(...range.value),
  )
}

/** A color whose hue is, six times in ten, within 0.05 of one of the preferred hues. */
export function tintedColor(random: RandomStream, hues: readonly number[]): Color {
  if (hues.length === 0 || random.uniform() > 0.6) return randomColor(random)
  const hue = hues[random.int(hues.length)] ?? 0
  return hsvToRgb(
    (hue + random.uniformBetween(-0.05, 0.05) + 1) % 1,
    random.uniformBetween(0.45, 0.85),
    random.uniformBetween(0.45, 0.95),
  )
}

/** The color on the way from one to another, `share` in [0, 1]. */
export function blend(from: Color, to: Color, share: number): Color {
  const mix = (i: 0 | 1 | 2) => from[i] * (1 - share) + to[i] * share
  return [mix(0), mix(1), mix(2)]
}
