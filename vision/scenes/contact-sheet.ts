import type { RgbImage } from '../images/rgb-image.ts'
import { type Color, drawText } from '../images/stroke-text.ts'
import { drawScene, SCENE_SIDE } from './draw-scene.ts'
import { SCENE_CLASSES } from './scene-classes.ts'

export interface ContactSheetOptions {
  readonly firstSeed: number
  readonly columns: number
  readonly rows: number
}

type Corner = { readonly x: number; readonly y: number }

const paper: Color = [250, 250, 247]
const ink: Color = [52, 54, 60]
const zoom = 2
const tile = SCENE_SIDE * zoom
const gap = 16
const margin = 28
const capHeightPx = 13
const swatch = 18
const legendRow = 34
const legendColumn = 150

/** Scenes of consecutive seeds, each above its mask, and a legend of the classes. */
export function drawContactSheet({ firstSeed, columns, rows }: ContactSheetOptions): RgbImage {
  const perLine = Math.max(
    1,
    Math.min(SCENE_CLASSES.length, Math.floor(gridWidth(columns) / legendColumn)),
  )
  const legendHeight = Math.ceil(SCENE_CLASSES.length / perLine) * legendRow
  const legendWidth = perLine * legendColumn
  const width = 2 * margin + Math.max(gridWidth(columns), legendWidth)
  const cellHeight = 2 * tile + 4 + gap
  const sheet = blankSheet(width, 2 * margin + legendHeight + rows * cellHeight - gap + 6)
  drawLegend(sheet, perLine)
  for (let cell = 0; cell < columns * rows; cell++) {
    const x = margin + (cell % columns) * (tile + gap)
    const y = margin + legendHeight + 6 + Math.floor(cell / columns) * cellHeight
    drawCell(sheet, firstSeed + cell, { x, y })
  }
  return sheet
}

const gridWidth = (columns: number) => columns * (tile + gap) - gap

function blankSheet(width: number, height: number): RgbImage {
  const rgb = new Uint8Array(3 * width * height)
  const sheet = { width, height, rgb }
  fill(sheet, { x: 0, y: 0, width, height }, paper)
  return sheet
}

function fill(
  sheet: RgbImage,
  { x, y, width, height }: Corner & { width: number; height: number },
  color: Color,
): void {
  for (let row = y; row < y + height; row++) {
    for (let column = x; column < x + width; column++) {
      sheet.rgb.set(color, 3 * (row * sheet.width + column))
    }
  }
}

function drawLegend(sheet: RgbImage, perLine: number): void {
  for (const [index, { name, displayColor }] of SCENE_CLASSES.entries()) {
    const x = margin + (index % perLine) * legendColumn
    const y = margin + Math.floor(index / perLine) * legendRow
    fill(sheet, { x, y, width: swatch, height: swatch }, displayColor)
    const baselinePx = y + (swatch + capHeightPx) / 2
    const xPx = x + swatch + 10
    drawText(sheet, name, { xPx, baselinePx, capHeightPx, color: ink })
  }
}

function drawCell(sheet: RgbImage, seed: number, { x, y }: Corner): void {
  const { image, mask } = drawScene(seed)
  const below = y + tile + 4
  for (let row = 0; row < SCENE_SIDE; row++) {
    for (let column = 0; column < SCENE_SIDE; column++) {
      const pixel = row * SCENE_SIDE + column
      const [red = 0, green = 0, blue = 0] = image.subarray(3 * pixel, 3 * pixel + 3)
      const shown = SCENE_CLASSES[mask[pixel] ?? 0]?.displayColor ?? paper
      const place = { x: x + column * zoom, width: zoom, height: zoom }
      fill(sheet, { ...place, y: y + row * zoom }, [red, green, blue])
      fill(sheet, { ...place, y: below + row * zoom }, shown)
    }
  }
}
