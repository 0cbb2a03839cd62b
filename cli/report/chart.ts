import { axisTicks, type Ticks } from './axis-ticks.ts'
import { element, polyline, text } from './svg.ts'

/** One place on a line: the mean over replicates, and the band around it. */
export interface ChartPoint {
  readonly x: number
  readonly mean: number
  readonly low: number
  readonly high: number
}

export interface Series {
  readonly label: string
  readonly colour: string
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
const PLOT = { left: 56, right: CHART_WIDTH - 12, top: 52, bottom: CHART_HEIGHT - 44 } as const
export const INK = '#222'
const FAINT = '#ddd'

const extent = (values: readonly number[]): readonly [number, number] =>
  values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  )

interface Scale {
  readonly ticks: Ticks
  readonly at: (value: number) => number
}

function scaleOf(
  values: readonly number[],
  count: number,
  pixels: readonly [number, number],
): Scale {
  const [least, greatest] = extent(values)
  const ticks = axisTicks(least, greatest, count)
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
      stroke: INK,
    }),
    text(String(value), { x: at(value), y: PLOT.bottom + 18, 'text-anchor': 'middle' }),
  ])

const yAxis = ({ ticks, at }: Scale): string[] =>
  ticks.values.flatMap((value) => [
    element('line', { x1: PLOT.left, x2: PLOT.right, y1: at(value), y2: at(value), stroke: FAINT }),
    text(String(value), { x: PLOT.left - 7, y: at(value) + 4, 'text-anchor': 'end' }),
  ])

function drawSeries({ colour, dash, points }: Series, x: Scale, y: Scale): string[] {
  const along = points.map((point) => [x.at(point.x), y.at(point.mean)] as const)
  const band = [
    ...points.map((point) => [x.at(point.x), y.at(point.high)] as const),
    ...points.toReversed().map((point) => [x.at(point.x), y.at(point.low)] as const),
  ]
  const dots = points.length > 8 ? [] : along
  return [
    element('path', { d: `${polyline(band)}Z`, fill: colour, opacity: '0.13' }),
    element('path', {
      d: polyline(along),
      fill: 'none',
      stroke: colour,
      'stroke-width': '1.8',
      ...(dash === '' ? {} : { 'stroke-dasharray': dash }),
    }),
    ...dots.map(([cx, cy]) => element('circle', { cx, cy, r: '3', fill: colour })),
  ]
}

/** Draws one chart at the origin: title, axes with round ticks, one line with a band per series. */
export function drawChart({ title, note, xTitle, series }: Chart): string[] {
  const points = series.flatMap((line) => line.points)
  const head = [
    text(title, { x: PLOT.left, y: 20, 'font-size': '14', 'font-weight': 'bold' }),
    text(note, { x: PLOT.left, y: 38, fill: '#666' }),
  ]
  if (points.length === 0) return [...head, text('nothing measured yet', { x: PLOT.left, y: 80 })]
  const xs = points.map((point) => point.x)
  const ys = points.flatMap((point) => [point.low, point.high])
  const x = scaleOf(xs, 5, [PLOT.left, PLOT.right])
  const y = scaleOf(ys, 6, [PLOT.bottom, PLOT.top])
  return [
    ...head,
    ...yAxis(y),
    ...xAxis(x),
    element('line', {
      x1: PLOT.left,
      x2: PLOT.right,
      y1: PLOT.bottom,
      y2: PLOT.bottom,
      stroke: INK,
    }),
    ...series.flatMap((line) => drawSeries(line, x, y)),
    text(xTitle, {
      x: (PLOT.left + PLOT.right) / 2,
      y: CHART_HEIGHT - 8,
      'text-anchor': 'middle',
    }),
  ]
}
