import type { RandomStream } from '../../vision/random/random-stream.ts'
import type { FeatureRows } from './nearest-neighbors.ts'
import type { GridSize } from './resample.ts'

/** A square of an image, in whole pixels. */
export interface Square {
  readonly x: number
  readonly y: number
  readonly side: number
}

/** A box in pixels of an image, or in patches of a feature map. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/**
 * Two squares within one window of an image. The window is as large as the shorter side and lies
 * anywhere; the sides of the squares are drawn from `share` (low, high) of it. With a low share
 * above one half they always overlap.
 */
export function drawCropPair(
  size: { readonly widthPx: number; readonly heightPx: number },
  share: readonly [number, number],
  draws: RandomStream,
): readonly [Square, Square] {
  const window = Math.min(size.widthPx, size.heightPx)
  const left = draws.int(size.widthPx - window + 1)
  const top = draws.int(size.heightPx - window + 1)
  const square = (): Square => {
    const side = Math.round(window * draws.uniformBetween(...share))
    const x = left + draws.int(window - side + 1)
    return { x, y: top + draws.int(window - side + 1), side }
  }
  const first = square()
  return [first, square()]
}

/** The part of the image that both squares show; undefined when they do not overlap. */
export function intersectSquares(a: Square, b: Square): Box | undefined {
  const [x, y] = [Math.max(a.x, b.x), Math.max(a.y, b.y)]
  const width = Math.min(a.x + a.side, b.x + b.side) - x
  const height = Math.min(a.y + a.side, b.y + b.side) - y
  return width > 0 && height > 0 ? { x, y, width, height } : undefined
}

/** A box of the image in patches of the square's feature map, which has `grid` patches a side. */
export function toGridBox(box: Box, square: Square, grid: number): Box {
  const scale = grid / square.side
  return {
    x: (box.x - square.x) * scale,
    y: (box.y - square.y) * scale,
    width: box.width * scale,
    height: box.height * scale,
  }
}

/**
 * ROI-align with one sample in the middle of each of bins × bins parts of the box: bilinear between
 * patch centers, clamped at the border. Features [rows · columns, dim] → [bins², dim].
 */
export function alignFeatures(
  features: FeatureRows,
  { grid, box, bins }: { readonly grid: GridSize; readonly box: Box; readonly bins: number },
): Float64Array {
  const { dim, values } = features
  const aligned = new Float64Array(bins * bins * dim)
  for (let bin = 0; bin < bins * bins; bin++) {
    const y = box.y + ((Math.floor(bin / bins) + 0.5) * box.height) / bins - 0.5
    const x = box.x + (((bin % bins) + 0.5) * box.width) / bins - 0.5
    for (const corner of bilinearCorners({ x, y }, grid)) {
      for (let i = 0; i < dim; i++) {
        aligned[bin * dim + i] =
          (aligned[bin * dim + i] as number) +
          corner.weight * (values[corner.patch * dim + i] as number)
      }
    }
  }
  return aligned
}

function bilinearCorners(
  point: { readonly x: number; readonly y: number },
  { rows, columns }: GridSize,
): readonly { readonly patch: number; readonly weight: number }[] {
  return interpolateAxis(point.y, rows).flatMap((row) =>
    interpolateAxis(point.x, columns).map((column) => ({
      patch: row.place * columns + column.place,
      weight: row.weight * column.weight,
    })),
  )
}

function interpolateAxis(at: number, size: number): readonly { place: number; weight: number }[] {
  const clamped = Math.min(Math.max(at, 0), size - 1)
  const place = Math.min(Math.floor(clamped), size - 1)
  const far = clamped - place
  if (far === 0) return [{ place, weight: 1 }]
  return [
    { place, weight: 1 - far },
    { place: place + 1, weight: far },
  ]
}
