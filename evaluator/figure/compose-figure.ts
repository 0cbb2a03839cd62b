import type { RgbImage } from '../../vision/images/rgb-image.ts'
import { type Color, drawText, textWidthPx } from '../../vision/images/stroke-text.ts'
import { blankCanvas, fillRectangle, pasteImage } from './canvas-shapes.ts'

export interface FigureCell {
  /** cellPx × cellPx pixels. */
  readonly image: RgbImage
  readonly caption?: string
}

export interface FigureRow {
  readonly title: string
  /** Lines under the title. */
  readonly lines: readonly string[]
  readonly cells: readonly FigureCell[]
}

export interface LegendEntry {
  readonly name: string
  readonly color: Color
}

export interface FigureContent {
  readonly title: string
  readonly subtitle: string
  readonly cellPx: number
  readonly rows: readonly FigureRow[]
  readonly legend: readonly LegendEntry[]
}

export const BACKGROUND_COLOR: Color = [255, 255, 255]
const TEXT_COLOR: Color = [28, 32, 40]
const MUTED_COLOR: Color = [102, 110, 122]
const BORDER_COLOR: Color = [208, 212, 218]
export const MARGIN = 28
const GAP = 12
const TITLE_HEIGHT = 78
/** Title and subtitle are above this row, everything else below. */
export const HEADING_BOTTOM = 66
const CAPTION_HEIGHT = 26
export const SUBTITLE = { capHeightPx: 11, color: MUTED_COLOR }
const ROW_TITLE = { capHeightPx: 13, weight: 0.17, color: TEXT_COLOR }
const ROW_LINE = { capHeightPx: 11, color: MUTED_COLOR }
const CAPTION = { capHeightPx: 9, color: MUTED_COLOR }
const LEGEND_TEXT = { capHeightPx: 11, color: TEXT_COLOR }
const SWATCH = 18
const LEGEND_LINE = 32

/**
 * One image from rows of cells with their titles to the left, a heading, and a legend below that
 * wraps where the width ends. Nothing overlaps: the label column is as wide as its longest line.
 */
export function renderFigure(content: FigureContent): RgbImage {
  const layout = computeFigureLayout(content)
  const canvas = blankCanvas(layout.widthPx, layout.heightPx, BACKGROUND_COLOR)
  drawHeading(canvas, content)
  content.rows.forEach((row, index) => {
    drawRow(canvas, row, { layout, y: layout.rowTops[index] as number, cellPx: content.cellPx })
  })
  drawLegend(canvas, layout)
  return canvas
}

interface PositionedLegendEntry extends LegendEntry {
  readonly x: number
  readonly y: number
}

interface FigureLayout {
  readonly widthPx: number
  readonly heightPx: number
  /** Left edge of the first cell. */
  readonly cellsLeft: number
  readonly rowTops: readonly number[]
  readonly legend: readonly PositionedLegendEntry[]
}

function computeFigureLayout({
  title,
  subtitle,
  rows,
  legend,
  cellPx,
}: FigureContent): FigureLayout {
  const labelWidth = Math.max(...rows.map(labelWidthPx))
  const cellsLeft = MARGIN + Math.ceil(labelWidth) + 20
  const columns = Math.max(...rows.map(({ cells }) => cells.length))
  const cellsRight = cellsLeft + columns * cellPx + (columns - 1) * GAP
  const headingRight =
    MARGIN +
    Math.ceil(Math.max(textWidthPx(title, 17), textWidthPx(subtitle, SUBTITLE.capHeightPx)))
  const widthPx = Math.max(cellsRight, headingRight) + MARGIN
  let y = TITLE_HEIGHT
  const rowTops = rows.map((row) => {
    const top = y
    y += cellPx + (hasCaptions(row) ? CAPTION_HEIGHT : 0) + GAP
    return top
  })
  const placed = layOutLegend(legend, { left: cellsLeft, right: widthPx - MARGIN, top: y + 10 })
  return { widthPx, cellsLeft, rowTops, legend: placed.entries, heightPx: placed.bottom + MARGIN }
}

const hasCaptions = ({ cells }: FigureRow): boolean => cells.some(({ caption }) => caption)

const labelWidthPx = ({ title, lines }: FigureRow): number =>
  Math.max(
    textWidthPx(title, ROW_TITLE.capHeightPx),
    ...lines.map((line) => textWidthPx(line, ROW_LINE.capHeightPx)),
  )

function layOutLegend(
  legend: readonly LegendEntry[],
  { left, right, top }: { readonly left: number; readonly right: number; readonly top: number },
): { readonly entries: readonly PositionedLegendEntry[]; readonly bottom: number } {
  let [x, y] = [left, top]
  const entries = legend.map((entry) => {
    const width = SWATCH + 8 + Math.ceil(textWidthPx(entry.name, LEGEND_TEXT.capHeightPx))
    if (x > left && x + width > right) {
      x = left
      y += LEGEND_LINE
    }
    const placed = { ...entry, x, y }
    x += width + 22
    return placed
  })
  return { entries, bottom: y + SWATCH }
}

function drawHeading(canvas: RgbImage, { title, subtitle }: FigureContent): void {
  drawText(canvas, title, {
    xPx: MARGIN,
    baselinePx: 36,
    capHeightPx: 17,
    weight: 0.16,
    color: TEXT_COLOR,
  })
  drawText(canvas, subtitle, { xPx: MARGIN, baselinePx: 60, ...SUBTITLE })
}

function drawRow(
  canvas: RgbImage,
  row: FigureRow,
  { layout, y, cellPx }: { layout: FigureLayout; y: number; cellPx: number },
): void {
  const middle = y + cellPx / 2 - (row.lines.length * 20) / 2
  drawText(canvas, row.title, { xPx: MARGIN, baselinePx: middle + 6, ...ROW_TITLE })
  row.lines.forEach((line, index) => {
    drawText(canvas, line, { xPx: MARGIN, baselinePx: middle + 28 + 20 * index, ...ROW_LINE })
  })
  row.cells.forEach(({ image, caption }, column) => {
    const x = layout.cellsLeft + column * (cellPx + GAP)
    fillRectangle(
      canvas,
      { x: x - 1, y: y - 1, width: cellPx + 2, height: cellPx + 2 },
      BORDER_COLOR,
    )
    pasteImage(canvas, image, { x, y })
    if (!caption) return
    drawText(canvas, caption, { xPx: x, baselinePx: y + cellPx + 17, ...CAPTION })
  })
}

function drawLegend(canvas: RgbImage, { legend }: FigureLayout): void {
  for (const { name, color, x, y } of legend) {
    fillRectangle(canvas, { x, y, width: SWATCH, height: SWATCH }, BORDER_COLOR)
    fillRectangle(canvas, { x: x + 1, y: y + 1, width: SWATCH - 2, height: SWATCH - 2 }, color)
    drawText(canvas, name, { xPx: x + SWATCH + 8, baselinePx: y + 14, ...LEGEND_TEXT })
  }
}
