import type { LossAtStep } from '../../pod/reader/read-curve.ts'
import type { Chart, ChartPoint, Series } from './chart.ts'
import { chooseLineStyle, drawPlotPage, MAX_LINES } from './plot.ts'
import { pointLabel } from './point-label.ts'
import type { ColumnNote, PointRow, ResultsDocument } from './results-document.ts'
import { summarize } from './summary.ts'

/** The training curve of each run, by its name. */
export type Curves = ReadonlyMap<string, readonly LossAtStep[]>

const SPREAD = 'mean ± sample standard deviation over replicates'

function toChartPoints(x: number, values: readonly number[]): ChartPoint[] {
  const summary = summarize(values)
  if (summary === undefined) return []
  const { mean, deviation = 0 } = summary
  return [{ x, mean, low: mean - deviation, high: mean + deviation }]
}

const formatSeriesLabel = ({ swept, name }: ResultsDocument, { assignment }: PointRow): string =>
  swept.length === 0 ? name : pointLabel(swept, assignment)

function listLossPoints({ runs }: PointRow, curves: Curves): ChartPoint[] {
  const all = runs.flatMap(({ name }) => curves.get(name) ?? [])
  const bySteps = [...Map.groupBy(all, ({ step }) => step)].sort(([a], [b]) => a - b)
  return bySteps.flatMap(([step, at]) =>
    toChartPoints(
      step,
      at.map(({ loss }) => loss),
    ),
  )
}

interface PlottedMetric {
  readonly prefix: string
  readonly title: string
  readonly columns: readonly (ColumnNote & { readonly at: number })[]
}

/** Evaluation columns that are mIoU, gathered over the schedule. */
function groupPlottedMetrics({ columns }: ResultsDocument): PlottedMetric[] {
  const measured = columns.flatMap((column) => {
    const found = column.key.match(/^(.*Miou)@(.*)$/)
    return found === null ? [] : [{ ...column, prefix: found[1] ?? '', at: Number(found[2]) }]
  })
  return [...Map.groupBy(measured, ({ prefix }) => prefix)].map(([prefix, metricColumns]) => ({
    prefix,
    title: (metricColumns[0]?.title ?? prefix).replace(/ (before|after|at [\d.]+)$/, ''),
    columns: metricColumns,
  }))
}

const listMetricPoints = ({ runs }: PointRow, { columns }: PlottedMetric): ChartPoint[] =>
  columns.flatMap(({ key, at }) =>
    toChartPoints(
      at,
      runs.flatMap(({ values }) => values[key] ?? []),
    ),
  )

/** Draws the training loss and every mIoU of a study: one line per point with its spread. */
export function drawStudyPlot(document: ResultsDocument, curves: Curves): string {
  const drawn = document.points.slice(0, MAX_LINES)
  const buildSeries = (listPoints: (point: PointRow) => readonly ChartPoint[]): Series[] =>
    drawn.map((point, at) => ({
      label: formatSeriesLabel(document, point),
      ...chooseLineStyle(at),
      points: listPoints(point),
    }))
  const incomparable = document.columns.some(
    ({ key, incomparableAcross }) => key === 'loss' && incomparableAcross.length > 0,
  )
  const loss: Chart = {
    title: 'NeCo loss',
    note: incomparable ? 'not comparable between these lines' : SPREAD,
    xTitle: 'step',
    series: buildSeries((point) => listLossPoints(point, curves)),
  }
  const evaluated = groupPlottedMetrics(document).map(
    (plottedMetric): Chart => ({
      title: `${plottedMetric.title}, %`,
      note: SPREAD,
      xTitle: 'fraction of the schedule (0 before, 1 after training)',
      series: buildSeries((point) => listMetricPoints(point, plottedMetric)),
    }),
  )
  const hidden = document.points.length - drawn.length
  const title = hidden > 0 ? `${document.name}: the first ${drawn.length} points` : document.name
  return drawPlotPage({ title, charts: [loss, ...evaluated] })
}
