import type { RgbImage } from '../../vision/images/rgb-image.ts'
import { drawText, textWidthPx } from '../../vision/images/stroke-text.ts'
import { blankCanvas, pasteImage, sliceImageRows } from './canvas-shapes.ts'
import { BACKGROUND_COLOR, HEADING_BOTTOM, MARGIN, SUBTITLE } from './compose-figure.ts'

const LINE_HEIGHT = 22
const ABOVE_BASELINE = 14

/**
 * A finished figure with one more line under its heading; all below moves down, and a long line
 * makes it wider.
 */
export function insertLine(figure: RgbImage, line: string): RgbImage {
  const textRight = MARGIN + Math.ceil(textWidthPx(line, SUBTITLE.capHeightPx)) + MARGIN
  const width = Math.max(figure.width, textRight)
  const canvas = blankCanvas(width, figure.height + LINE_HEIGHT, BACKGROUND_COLOR)
  pasteImage(canvas, sliceImageRows(figure, 0, HEADING_BOTTOM), { x: 0, y: 0 })
  const below = sliceImageRows(figure, HEADING_BOTTOM, figure.height)
  pasteImage(canvas, below, { x: 0, y: HEADING_BOTTOM + LINE_HEIGHT })
  drawText(canvas, line, {
    xPx: MARGIN,
    baselinePx: HEADING_BOTTOM + ABOVE_BASELINE,
    ...SUBTITLE,
  })
  return canvas
}
