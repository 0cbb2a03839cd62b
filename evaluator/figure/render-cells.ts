import type { RgbImage } from '../../vision/images/rgb-image.ts'
import type { Color } from '../../vision/images/stroke-text.ts'
import { resize } from '../core/resample.ts'

/** Bytes [side, side, 3] of an image. */
export interface SquareImage {
  readonly side: number
  readonly rgb: Uint8Array
}

/** Class indices [side, side]. */
export interface SquareMask {
  readonly side: number
  readonly labels: Uint8Array
}

/** An image at the size of a cell: smooth when enlarged, antialiased when shrunk. */
export function renderImageCell({ side, rgb }: SquareImage, cellPx: number): RgbImage {
  const size = (px: number) => ({ rows: px, columns: px })
  const filter = 'BicubicAntialias'
  const resized = resize(rgb, { from: size(side), to: size(cellPx), channels: 3, filter })
  const clamped = Uint8Array.from(resized, (value) => Math.min(Math.max(Math.round(value), 0), 255))
  return { width: cellPx, height: cellPx, rgb: clamped }
}

/** A mask at the size of a cell, its borders crisp, each class in its color. */
export function renderMaskCell(
  { side, labels }: SquareMask,
  {
    cellPx,
    chooseColor,
  }: { readonly cellPx: number; readonly chooseColor: (label: number) => Color },
): RgbImage {
  const rgb = new Uint8Array(cellPx * cellPx * 3)
  const place = (at: number) => Math.floor((at * side) / cellPx)
  for (let pixel = 0; pixel < cellPx * cellPx; pixel++) {
    const source = place(Math.floor(pixel / cellPx)) * side + place(pixel % cellPx)
    rgb.set(chooseColor(labels[source] as number), pixel * 3)
  }
  return { width: cellPx, height: cellPx, rgb }
}
