import {
  CHART_HEIGHT,
  CHART_WIDTH,
  type Chart,
  drawChart,
  type Series,
  TEXT_COLOR,
} from './chart.ts'
import { element, escapeText, text } from './svg.ts'

/**
 * Colors that people with any color vision can tell apart (Okabe and Ito 2008), yellow left out.
 */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#000000']
const DASHES = ['', '6 3', '2 3']
/** More lines than this are indistinguishable. */
export const MAX_LINES = COLORS.length * DASHES.length

/** Color and dash of the line with this number. */
export const chooseLineStyle = (at: number): Pick<Series, 'color' | 'dash'> => ({
  color: COLORS[at % COLORS.length] ?? TEXT_COLOR,
  dash: DASHES[Math.floor(at / COLORS.length) % DASHES.length] ?? '',
})

const MARGIN = 16
const HEADER_HEIGHT = 34
const LEGEND_ROW = 20
/**
 * An upper bound of the width of a letter at 12 px in sans-serif fonts, so that entries never
 * touch.
 */
const CHARACTER_WIDTH = 7.4
const COLUMNS = 3

interface Page {
  readonly title: string
  readonly charts: readonly Chart[]
}

const legendEntry = ({ label, color, dash }: Series, x: number, y: number): string[] => [
  element('line', {
    x1: x,
    x2: x + 26,
    y1: y - 4,
    y2: y - 4,
    stroke: color,
    'stroke-width': '2.5',
    ...(dash === '' ? {} : { 'stroke-dasharray': dash }),
  }),
  text(label, { x: x + 33, y }),
]

/** Draws charts side by side, three in a row, with one legend below them all. */
export function drawPlotPage({ title, charts }: Page): string {
  const columns = Math.min(COLUMNS, charts.length)
  const rows = Math.ceil(charts.length / columns)
  const series = charts[0]?.series ?? []
  const longest = Math.max(1, ...series.map(({ label }) => label.length))
  const entryWidth = 33 + longest * CHARACTER_WIDTH + 24
  const width = Math.max(columns * CHART_WIDTH, title.length * 9.5, entryWidth) + 2 * MARGIN
  const perRow = Math.max(1, Math.floor((width - 2 * MARGIN) / entryWidth))
  const legendTop = HEADER_HEIGHT + rows * CHART_HEIGHT + 22
  const height = legendTop + Math.ceil(series.length / perRow) * LEGEND_ROW
  const drawnCharts = charts.map((chart, at) => {
    const x = MARGIN + (at % columns) * CHART_WIDTH
    const y = HEADER_HEIGHT + Math.floor(at / columns) * CHART_HEIGHT
    return element('g', { transform: `translate(${x} ${y})` }, drawChart(chart))
  })
  const legend = series.flatMap((line, at) =>
    legendEntry(
      line,
      MARGIN + (at % perRow) * entryWidth,
      legendTop + Math.floor(at / perRow) * LEGEND_ROW,
    ),
  )
  const body = [
    element('title', {}, [escapeText(title)]),
    element('rect', { width: '100%', height: '100%', fill: '#fff' }),
    text(title, { x: MARGIN, y: 24, 'font-size': '16', 'font-weight': 'bold' }),
    ...drawnCharts,
    ...legend,
  ]
  const page = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      'font-family': 'sans-serif',
      'font-size': '12',
      fill: TEXT_COLOR,
    },
    body,
  )
  return `${page}\n`
}
