import type { LossAtStep } from '../../pod/reader/read-curve.ts'
import type { Chart, ChartPoint, Series } from './chart.ts'
import { lineLook, MAX_LINES, plotPage } from './plot.ts'
import { pointLabel } from './point-label.ts'
import type { ColumnNote, PointRow, ResultsDocument } from './results-document.ts'
import { summarise } from './summary.ts'

/** The training curve of each run, by its name. */
export type Curves = ReadonlyMap<string, readonly LossAtStep[]>

const SPREAD = 'mean ± sample standard deviation over replicates'

function chartPoint(x: number, values: readonly number[]): ChartPoint[] {
  const summary = summarise(values)
  if (summary === undefined) return []
  const { mean, deviation = 0 } = summary
  return [{ x, mean, low: mean - deviation, high: mean + deviation }]
}

const labelOf = ({ swept, name }: ResultsDocument, { assignment }: PointRow): string =>
  swept.length === 0 ? name : pointLabel(swept, assignment)

function lossPoints({ runs }: PointRow, curves: Curves): ChartPoint[] {
  const all = runs.flatMap(({ name }) => curves.get(name) ?? [])
  const bySteps = [...Map.groupBy(all, ({ step }) => step)].sort(([a], [b]) => a - b)
  return bySteps.flatMap(([step, at]) =>
    chartPoint(
      step,
      at.map(({ loss }) => loss),
    ),
  )
}

interface Measure {
  readonly prefix: string
  readonly title: string
  readonly columns: readonly (ColumnNote & { readonly at: number })[]
}

/** Evaluation columns that are mIoU, gathered over the schedule. */
function measures({ columns }: ResultsDocument): Measure[] {
  const measured = columns.flatMap((column) => {
    const found = column.key.match(/^(.*Miou)@(.*)$/)
    return found === null ? [] : [{ ...column, prefix: found[1] ?? '', at: Number(found[2]) }]
  })
  return [...Map.groupBy(measured, ({ prefix }) => prefix)].map(([prefix, of]) => ({
    prefix,
    title: (of[0]?.title ?? prefix).replace(/ (before|after|at [\d.]+)$/, ''),
    columns: of,
  }))
}

const measurePoints = ({ runs }: PointRow, { columns }: Measure): ChartPoint[] =>
  columns.flatMap(({ key, at }) =>
    chartPoint(
      at,
      runs.flatMap(({ values }) => values[key] ?? []),
    ),
  )

/** Draws the training loss and every mIoU of a study: one line per point with its spread. */
export function studyPlot(document: ResultsDocument, curves: Curves): string {
  const drawn = document.points.slice(0, MAX_LINES)
  const seriesOf = (pointsOf: (point: PointRow) => readonly ChartPoint[]): Series[] =>
    drawn.map((point, at) => ({
      label: labelOf(document, point),
      ...lineLook(at),
      points: pointsOf(point),
    }))
  const incomparable = document.columns.some(
    ({ key, incomparableAcross }) => key === 'loss' && incomparableAcross.length > 0,
  )
  const loss: Chart = {
    title: 'NeCo loss',
    note: incomparable ? 'not comparable between these lines' : SPREAD,
    xTitle: 'step',
    series: seriesOf((point) => lossPoints(point, curves)),
  }
  const evaluated = measures(document).map(
    (measure): Chart => ({
      title: `${measure.title}, %`,
      note: SPREAD,
      xTitle: 'fraction of the schedule (0 before, 1 after training)',
      series: seriesOf((point) => measurePoints(point, measure)),
    }),
  )
  const hidden = document.points.length - drawn.length
  const title = hidden > 0 ? `${document.name}: the first ${drawn.length} points` : document.name
  return plotPage({ title, charts: [loss, ...evaluated] })
}
