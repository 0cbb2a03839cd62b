import { axisTicks, type Ticks } from './axis-ticks.ts'
import { element, polyline, text } from './svg.ts'

/** One point of a line: the mean over replicates, and the spread around it. */
export interface ChartPoint {
  readonly x: number
  readonly mean: number
  readonly low: number
  readonly high: number
}

export interface Series {
  readonly label: string
  readonly color: string
  readonly dash: string
  readonly points: readonly ChartPoint[]
}

export interface Chart {
  readonly title: string
  readonly note: string
  readonly xTitle: string
  readonly series: readonly Series[]
}

export const CHART_WIDTH = 420
export const CHART_HEIGHT = 320
const PLOT = { left: 56, right: CHART_WIDTH - 20, top: 52, bottom: CHART_HEIGHT - 44 } as const
export const TEXT_COLOR = '#222'
const GRID_COLOR = '#ddd'

const extent = (values: readonly number[]): readonly [number, number] =>
  values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  )

interface Scale {
  readonly ticks: Ticks
  readonly at: (value: number) => number
}

function buildScale(
  values: readonly number[],
  count: number,
  pixels: readonly [number, number],
): Scale {
  const [min, max] = extent(values)
  const ticks = axisTicks(min, max, count)
  const [from, to] = pixels
  return {
    ticks,
    at: (value) => from + ((value - ticks.low) / (ticks.high - ticks.low)) * (to - from),
  }
}

const xAxis = ({ ticks, at }: Scale): string[] =>
  ticks.values.flatMap((value) => [
    element('line', {
      x1: at(value),
      x2: at(value),
      y1: PLOT.bottom,
      y2: PLOT.bottom + 4,
      stroke: TEXT_COLOR,
    }),
    text(String(value), { x: at(value), y: PLOT.bottom + 18, 'text-anchor': 'middle' }),
  ])

const yAxis = ({ ticks, at }: Scale): string[] =>
  ticks.values.flatMap((value) => [
    element('line', {
      x1: PLOT.left,
      x2: PLOT.right,
      y1: at(value),
      y2: at(value),
      stroke: GRID_COLOR,
    }),
    text(String(value), { x: PLOT.left - 7, y: at(value) + 4, 'text-anchor': 'end' }),
  ])

/** Lines with few points have whiskers, which stay readable where bands would overlap. */
const FEW_POINTS = 8
const CAP = 4
/** Whiskers of different lines at the same x stand side by side within this width. */
const WHISKERS_WIDTH = 18

interface PlottedPoint {
  readonly x: number
  readonly mean: number
  readonly low: number
  readonly high: number
}

const drawBand = (plottedPoints: readonly PlottedPoint[], fill: string): string => {
  const band = [
    ...plottedPoints.map(({ x, high }) => [x, high] as const),
    ...plottedPoints.toReversed().map(({ x, low }) => [x, low] as const),
  ]
  return element('path', { d: `${polyline(band)}Z`, fill, opacity: '0.13' })
}

const drawWhisker = ({ x, low, high }: PlottedPoint, stroke: string): string => {
  const across = (y: number) =>
    polyline([
      [x - CAP, y],
      [x + CAP, y],
    ])
  const along = polyline([
    [x, low],
    [x, high],
  ])
  return element('path', { d: `${along}${across(low)}${across(high)}`, stroke })
}

function drawSeries(
  { color, dash, points }: Series,
  plottedPoints: readonly PlottedPoint[],
): string[] {
  const isFew = points.length <= FEW_POINTS
  return [
    ...(isFew ? [] : [drawBand(plottedPoints, color)]),
    element('path', {
      d: polyline(plottedPoints.map(({ x, mean }) => [x, mean] as const)),
      fill: 'none',
      stroke: color,
      'stroke-width': '1.8',
      ...(dash === '' ? {} : { 'stroke-dasharray': dash }),
    }),
    ...(isFew ? plottedPoints.filter(({ low, high }) => low !== high) : []).map((plottedPoint) =>
      drawWhisker(plottedPoint, color),
    ),
    ...(isFew ? plottedPoints : []).map(({ x, mean }) =>
      element('circle', { cx: x, cy: mean, r: '3', fill: color }),
    ),
  ]
}

/** The pixel positions of the points of a line; lines with whiskers are shifted apart. */
function toPlottedPoints(
  series: readonly Series[],
  x: Scale,
  y: Scale,
): (readonly PlottedPoint[])[] {
  const step = Math.min(8, WHISKERS_WIDTH / Math.max(series.length - 1, 1))
  return series.map(({ points }, at) => {
    const aside = points.length <= FEW_POINTS ? (at - (series.length - 1) / 2) * step : 0
    return points.map(({ x: value, mean, low, high }) => ({
      x: x.at(value) + (low === high ? 0 : aside),
      mean: y.at(mean),
      low: y.at(low),
      high: y.at(high),
    }))
  })
}

/** Draws one chart at the origin: title, axes with ticks, one line per series with its spread. */
export function drawChart({ title, note, xTitle, series }: Chart): string[] {
  const points = series.flatMap((line) => line.points)
  const head = [
    text(title, { x: PLOT.left, y: 20, 'font-size': '14', 'font-weight': 'bold' }),
    text(note, { x: PLOT.left, y: 38, fill: '#666' }),
  ]
  if (points.length === 0) return [...head, text('nothing measured yet', { x: PLOT.left, y: 80 })]
  const xs = points.map((point) => point.x)
  const ys = points.flatMap((point) => [point.low, point.high])
  const x = buildScale(xs, 5, [PLOT.left, PLOT.right])
  const y = buildScale(ys, 6, [PLOT.bottom, PLOT.top])
  return [
    ...head,
    ...yAxis(y),
    ...xAxis(x),
    element('line', {
      x1: PLOT.left,
      x2: PLOT.right,
      y1: PLOT.bottom,
      y2: PLOT.bottom,
      stroke: TEXT_COLOR,
    }),
    ...series.flatMap((line, at) => drawSeries(line, toPlottedPoints(series, x, y)[at] ?? [])),
    text(xTitle, {
      x: (PLOT.left + PLOT.right) / 2,
      y: CHART_HEIGHT - 8,
      'text-anchor': 'middle',
    }),
  ]
}
