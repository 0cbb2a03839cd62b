import type { RgbImage } from '../../vision/images/rgb-image.ts'
import type { Colour } from '../../vision/images/stroke-text.ts'
import { maskCell, pictureCell, type SquareMask, type SquarePicture } from './cell-pictures.ts'
import { composeFigure, type FigureRow, type LegendEntry } from './compose-figure.ts'
import { IGNORED_COLOUR } from './ignored-colour.ts'

export interface PredictedSet {
  /** What the row is called, such as `before`. */
  readonly name: string
  readonly miouPercent: number
  readonly masks: readonly SquareMask[]
}

export interface Comparison {
  readonly title: string
  readonly subtitle: string
  readonly pictures: readonly SquarePicture[]
  readonly truths: readonly SquareMask[]
  readonly predicted: readonly PredictedSet[]
  readonly classes: readonly LegendEntry[]
  readonly ignoreLabel: number
}

/** More classes than this and the legend lists only those that are shown. */
const LEGEND_CLASSES = 24
const CELL_PX = 208

/** Validation pictures, their true masks, and what was predicted for them, one column a picture. */
export function comparePredictions(comparison: Comparison): RgbImage {
  const { classes, ignoreLabel } = comparison
  const colourOf = (label: number): Colour => {
    if (label === ignoreLabel) return IGNORED_COLOUR
    return classes[label]?.colour ?? IGNORED_COLOUR
  }
  const options = { cellPx: CELL_PX, colourOf }
  const rows: FigureRow[] = [
    {
      title: 'picture',
      lines: ['validation set'],
      cells: comparison.pictures.map((picture) => ({ picture: pictureCell(picture, CELL_PX) })),
    },
    {
      title: 'true mask',
      lines: [],
      cells: comparison.truths.map((mask) => ({ picture: maskCell(mask, options) })),
    },
    ...comparison.predicted.map(({ name, miouPercent, masks }) => ({
      title: name,
      lines: [`mIoU ${miouPercent.toFixed(1)} %`, '(whole set)'],
      cells: masks.map((mask, index) => ({
        picture: maskCell(mask, options),
        caption: captionOf(mask, comparison.truths[index], ignoreLabel),
      })),
    })),
  ]
  const { title, subtitle } = comparison
  return composeFigure({ title, subtitle, cellPx: CELL_PX, rows, legend: legendOf(comparison) })
}

function captionOf(mask: SquareMask, truth: SquareMask | undefined, ignoreLabel: number): string {
  const labels = truth?.labels ?? new Uint8Array(0)
  let [right, counted] = [0, 0]
  labels.forEach((label, pixel) => {
    if (label === ignoreLabel) return
    counted++
    if (label === mask.labels[pixel]) right++
  })
  return `${((100 * right) / Math.max(counted, 1)).toFixed(0)} % of pixels right`
}

function legendOf({ classes, truths, predicted, ignoreLabel }: Comparison): LegendEntry[] {
  const masks = [...truths, ...predicted.flatMap((set) => set.masks)]
  const shown = new Set(masks.flatMap(({ labels }) => [...new Set(labels)]))
  const listed =
    classes.length <= LEGEND_CLASSES ? classes : classes.filter((_, label) => shown.has(label))
  const ignored = shown.has(ignoreLabel) ? [{ name: 'not counted', colour: IGNORED_COLOUR }] : []
  return [...listed, ...ignored]
}
