import type { Color } from './colors.ts'

/** Sub-pixels along an image of the full world; twice its pixels. */
export const WORLD_SUBPIXELS = 192

/** A square window of the world at two sub-pixels a pixel. World coordinates run from 0 to 1. */
export interface Canvas {
  readonly side: number
  /** World coordinates of the top left corner. */
  readonly left: number
  readonly top: number
  /** Linear red, green and blue, kept as float32. */
  readonly rgb: Float32Array // [side, side, 3]
  /** Class of each sub-pixel. */
  readonly labels: Uint8Array // [side, side]
}

/** Part of the world, in world coordinates. */
export interface Bounds {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export type CanvasFrame = Pick<Canvas, 'side' | 'left' | 'top'>

export function emptyCanvas({ side, left, top }: CanvasFrame): Canvas {
  const pixels = side * side
  return {
    side,
    left,
    top,
    rgb: new Float32Array(3 * pixels),
    labels: new Uint8Array(pixels),
  }
}

/** Calls `visit(x, y, pixel)` for the sub-pixels within bounds; x and y are the center. */
export function visitPixels(
  canvas: Canvas,
  bounds: Bounds,
  visit: (x: number, y: number, pixel: number) => void,
): void {
  const { side } = canvas
  const index = (from: number, origin: number) => Math.floor((from - origin) * WORLD_SUBPIXELS)
  const firstColumn = Math.max(0, index(bounds.left, canvas.left))
  const lastColumn = Math.min(side - 1, index(bounds.right, canvas.left))
  const firstRow = Math.max(0, index(bounds.top, canvas.top))
  const lastRow = Math.min(side - 1, index(bounds.bottom, canvas.top))
  for (let row = firstRow; row <= lastRow; row++) {
    const y = canvas.top + (row + 0.5) / WORLD_SUBPIXELS
    for (let column = firstColumn; column <= lastColumn; column++) {
      const x = canvas.left + (column + 0.5) / WORLD_SUBPIXELS
      visit(x, y, row * side + column)
    }
  }
}

export function setColor(canvas: Canvas, pixel: number, color: Color): void {
  const { rgb } = canvas
  rgb[3 * pixel] = color[0]
  rgb[3 * pixel + 1] = color[1]
  rgb[3 * pixel + 2] = color[2]
}

/** Multiplies a sub-pixel by a factor. */
export function shadePixel(canvas: Canvas, pixel: number, factor: number): void {
  const { rgb } = canvas
  const first = 3 * pixel
  rgb[first] = (rgb[first] ?? 0) * factor
  rgb[first + 1] = (rgb[first + 1] ?? 0) * factor
  rgb[first + 2] = (rgb[first + 2] ?? 0) * factor
}

export const everywhere: Bounds = { left: -1, top: -1, right: 2, bottom: 2 }
