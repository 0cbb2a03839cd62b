import type { RandomStream } from '../random/random-stream.ts'
import type { Canvas } from './canvas.ts'
import { WORLD_SUBPIXELS } from './canvas.ts'
import { latticeNoise } from './lattice-noise.ts'
import { clamp } from './portable-math.ts'

/** An image and its mask; both are square with half as many pixels as the canvas has sub-pixels. */
export interface Scene {
  /** Pixels along a side. */
  readonly side: number
  readonly image: Uint8Array // [side, side, 3]
  /** Index into SCENE_CLASSES. */
  readonly mask: Uint8Array // [side, side]
}

/** Light of the whole image: exposure, tint and a gradient. */
interface Exposure {
  readonly gains: readonly [number, number, number]
  readonly slopeX: number
  readonly slopeY: number
  readonly noise: number
}

function drawExposure(random: RandomStream): Exposure {
  const gain = random.uniformBetween(0.7, 1.1)
  return {
    gains: [
      gain * (1 + random.uniformBetween(-0.1, 0.1)),
      gain,
      gain * (1 + random.uniformBetween(-0.1, 0.1)),
    ],
    slopeX: random.uniformBetween(-0.3, 0.3),
    slopeY: random.uniformBetween(-0.3, 0.3),
    noise: 3.46 * random.uniformBetween(0.005, 0.015),
  }
}

/**
 * Applies the light, takes the mean of each 2×2 sub-pixels, adds noise and rounds to 8 bits. The
 * mask takes the first sub-pixel of the four.
 */
export function expose(canvas: Canvas, random: RandomStream, noiseSeed: number): Scene {
  const exposure = drawExposure(random)
  const side = canvas.side / 2
  applyLighting(canvas, exposure)
  const image = new Uint8Array(3 * side * side)
  const mask = new Uint8Array(side * side)
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const pixel = row * side + column
      const subpixel = 2 * row * canvas.side + 2 * column
      mask[pixel] = canvas.labels[subpixel] ?? 0
      for (let channel = 0; channel < 3; channel++) {
        const grain = latticeNoise(3 * column + channel, row, noiseSeed + 6) - 0.5
        const value = averageSubpixels(canvas, 3 * subpixel + channel) + exposure.noise * grain
        image[3 * pixel + channel] = Math.floor(clamp(value, 0, 1) * 255 + 0.5)
      }
    }
  }
  return { side, image, mask }
}

function averageSubpixels({ rgb, side }: Canvas, first: number): number {
  const below = first + 3 * side
  const upper = (rgb[first] ?? 0) + (rgb[first + 3] ?? 0)
  return (upper + (rgb[below] ?? 0) + (rgb[below + 3] ?? 0)) / 4
}

function applyLighting(canvas: Canvas, { gains, slopeX, slopeY }: Exposure): void {
  const { rgb, side, left, top } = canvas
  for (let row = 0; row < side; row++) {
    const rowSlope = 1 + slopeY * (top + (row + 0.5) / WORLD_SUBPIXELS - 0.5)
    for (let column = 0; column < side; column++) {
      const light = rowSlope + slopeX * (left + (column + 0.5) / WORLD_SUBPIXELS - 0.5)
      const first = 3 * (row * side + column)
      rgb[first] = clamp((rgb[first] ?? 0) * gains[0] * light, 0, 1)
      rgb[first + 1] = clamp((rgb[first + 1] ?? 0) * gains[1] * light, 0, 1)
      rgb[first + 2] = clamp((rgb[first + 2] ?? 0) * gains[2] * light, 0, 1)
    }
  }
}
