import type { CropBox } from './window-augmentation.ts'

/**
 * The part of a square image (rgb bytes, side·side·3) under a box, stretched to the same size by
 * bilinear sampling at pixel centers, values in [0, 1]; mirrored left to right when asked.
 */
export function resampleWindow(
  rgb: Uint8Array,
  sidePx: number,
  { box, isFlipped }: { readonly box: CropBox; readonly isFlipped: boolean },
): Float32Array {
  const columns = computeSamplePositions(box.left, box.width, sidePx)
  const across = isFlipped ? columns.map((sample) => mirrored(sample, sidePx)) : columns
  const rows = computeSamplePositions(box.top, box.height, sidePx)
  const result = new Float32Array(sidePx * sidePx * 3)
  let at = 0
  for (const row of rows) {
    const above = row.first * sidePx * 3
    const below = row.second * sidePx * 3
    for (const { first, second, far } of across) {
      for (let c = 0; c < 3; c++) {
        const top = mix(rgb[above + first * 3 + c], rgb[above + second * 3 + c], far)
        const bottom = mix(rgb[below + first * 3 + c], rgb[below + second * 3 + c], far)
        result[at++] = mix(top, bottom, row.far) / 255
      }
    }
  }
  return result
}

interface Sample {
  readonly first: number
  readonly second: number
  /** Weight of the second. */
  readonly far: number
}

/** The same sample of the mirrored image. */
function mirrored({ first, second, far }: Sample, sidePx: number): Sample {
  return { first: sidePx - 1 - first, second: sidePx - 1 - second, far }
}

function computeSamplePositions(begin: number, length: number, sidePx: number): readonly Sample[] {
  return Array.from({ length: sidePx }, (_, index) => {
    const place = begin + ((index + 0.5) / sidePx) * length - 0.5
    const inside = Math.min(Math.max(place, 0), sidePx - 1)
    const first = Math.min(Math.floor(inside), sidePx - 1)
    return { first, second: Math.min(first + 1, sidePx - 1), far: inside - first }
  })
}

function mix(a: number | undefined, b: number | undefined, far: number): number {
  return (a ?? 0) * (1 - far) + (b ?? 0) * far
}
