import type { RgbImage } from '../../vision/images/rgb-image.ts'
import type { Color } from '../../vision/images/stroke-text.ts'
import { type FigureRow, type LegendEntry, renderFigure } from './compose-figure.ts'
import {
  renderImageCell,
  renderMaskCell,
  type SquareImage,
  type SquareMask,
} from './render-cells.ts'

/** Pixels that do not count are shown in this gray. */
export const IGNORED_COLOR: Color = [205, 208, 212]

export interface PredictionSet {
  /** What the row is called, such as `before`. */
  readonly name: string
  readonly miouPercent: number
  readonly masks: readonly SquareMask[]
}

export interface PredictionComparison {
  readonly title: string
  readonly subtitle: string
  readonly images: readonly SquareImage[]
  readonly groundTruths: readonly SquareMask[]
  readonly predicted: readonly PredictionSet[]
  readonly classes: readonly LegendEntry[]
  readonly ignoreLabel: number
}

/** More classes than this and the legend lists only those that are shown. */
const LEGEND_CLASSES = 24
const CELL_PX = 208

/** Validation images, their true masks, and what was predicted for them, one column an image. */
export function renderPredictionComparison(comparison: PredictionComparison): RgbImage {
  const { classes, ignoreLabel } = comparison
  const chooseColor = (label: number): Color => {
    if (label === ignoreLabel) return IGNORED_COLOR
    return classes[label]?.color ?? IGNORED_COLOR
  }
  const options = { cellPx: CELL_PX, chooseColor }
  const rows: FigureRow[] = [
    {
      title: 'image',
      lines: ['validation set'],
      cells: comparison.images.map((image) => ({ image: renderImageCell(image, CELL_PX) })),
    },
    {
      title: 'true mask',
      lines: [],
      cells: comparison.groundTruths.map((mask) => ({ image: renderMaskCell(mask, options) })),
    },
    ...comparison.predicted.map(({ name, miouPercent, masks }) => ({
      title: name,
      lines: [`mIoU ${miouPercent.toFixed(1)} %`, '(whole set)'],
      cells: masks.map((mask, index) => ({
        image: renderMaskCell(mask, options),
        caption: buildAccuracyCaption(mask, comparison.groundTruths[index], ignoreLabel),
      })),
    })),
  ]
  const { title, subtitle } = comparison
  return renderFigure({ title, subtitle, cellPx: CELL_PX, rows, legend: buildLegend(comparison) })
}

function buildAccuracyCaption(
  mask: SquareMask,
  groundTruth: SquareMask | undefined,
  ignoreLabel: number,
): string {
  const labels = groundTruth?.labels ?? new Uint8Array(0)
  let [right, counted] = [0, 0]
  labels.forEach((label, pixel) => {
    if (label === ignoreLabel) return
    counted++
    if (label === mask.labels[pixel]) right++
  })
  return `${((100 * right) / Math.max(counted, 1)).toFixed(0)} % of pixels right`
}

function buildLegend({
  classes,
  groundTruths,
  predicted,
  ignoreLabel,
}: PredictionComparison): LegendEntry[] {
  const masks = [...groundTruths, ...predicted.flatMap((set) => set.masks)]
  const shown = new Set(masks.flatMap(({ labels }) => [...new Set(labels)]))
  const listed =
    classes.length <= LEGEND_CLASSES ? classes : classes.filter((_, label) => shown.has(label))
  const ignored = shown.has(ignoreLabel) ? [{ name: 'not counted', color: IGNORED_COLOR }] : []
  return [...listed, ...ignored]
}
