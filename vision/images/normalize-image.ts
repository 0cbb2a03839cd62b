import type { RgbImage } from './rgb-image.ts'

export interface ColorStatistics {
  /** Mean of red, green and blue in [0, 1]. */
  readonly mean: readonly [number, number, number]
  readonly std: readonly [number, number, number]
}

/** What the published backbones were trained with. */
export const IMAGENET_COLORS: ColorStatistics = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
}

/**
 * torchvision's ToTensor and Normalize: (level ÷ 255 − mean) ÷ deviation in float32, as [3, height,
 * width].
 */
export function normalizeImage(
  { rgb }: RgbImage,
  { mean, std: standardDeviation }: ColorStatistics = IMAGENET_COLORS,
): Float32Array {
  const pixels = rgb.length / 3
  const planes = new Float32Array(rgb.length) // [3, height, width]
  for (const channel of [0, 1, 2] as const) {
    const table = normalizedLevels(mean[channel], standardDeviation[channel])
    const plane = planes.subarray(channel * pixels, (channel + 1) * pixels)
    for (let i = 0; i < pixels; i++) plane[i] = table[rgb[3 * i + channel] as number] as number
  }
  return planes
}

function normalizedLevels(mean: number, deviation: number): Float32Array {
  const levels = new Float32Array(256)
  for (let level = 0; level < 256; level++) {
    const centered = Math.fround(Math.fround(level / 255) - Math.fround(mean))
    levels[level] = centered / Math.fround(deviation)
  }
  return levels
}
