import sharp from 'sharp'
import { decodeLabelPng } from '../../vision/images/decode-label-png.ts'
import type { SquareMask } from '../figure/render-cells.ts'

/** Masks of one side as one gray PNG, each below the one before: a pixel is a class index. */
export async function encodeMaskStack(
  masks: readonly Uint8Array[],
  sidePx: number,
): Promise<Buffer> {
  const stacked = new Uint8Array(masks.length * sidePx * sidePx)
  masks.forEach((mask, index) => {
    stacked.set(mask, index * sidePx * sidePx)
  })
  const raw = { width: sidePx, height: masks.length * sidePx, channels: 1 } as const
  return sharp(stacked, { raw }).toColorspace('b-w').png().toBuffer()
}

/** The masks of a stack. Throws LabelPngError. */
export function decodeMaskStack(png: Uint8Array): readonly SquareMask[] {
  const { width: side, height, labels } = decodeLabelPng(png)
  return Array.from({ length: Math.floor(height / side) }, (_, index) => ({
    side,
    labels: labels.subarray(index * side * side, (index + 1) * side * side),
  }))
}
