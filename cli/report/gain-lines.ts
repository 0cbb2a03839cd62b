import { intervalLine, tInterval } from './interval.ts'
import type { PointRow, ResultsDocument } from './results-document.ts'

/** A t interval over fewer replicates than this is too wide to say anything. */
const MIN_REPLICATES = 3
const CONFIDENCE = 0.95

/** The metrics whose gain is printed, with their titles. */
const GAINS = [
  ['linearMiou', 'linear mIoU'],
  ['inContextMiou', 'in-context mIoU'],
] as const

const computeGains = (point: PointRow, before: string, after: string): number[] =>
  point.runs.flatMap(({ verdict, values }) => {
    const [from, to] = [values[before], values[after]]
    return verdict === 'Succeeded' && from !== undefined && to !== undefined ? [to - from] : []
  })

const formatPointPrefix = ({ points }: ResultsDocument, { assignment }: PointRow): string =>
  points.length === 1
    ? ''
    : `${Object.entries(assignment)
        .map(([path, value]) => `${path}=${value}`)
        .join(', ')}: `

interface Gain {
  readonly evaluation: string
  readonly title: string
  readonly metric: string
}

function formatGainLine(document: ResultsDocument, point: PointRow, gain: Gain): string[] {
  const { evaluation, metric } = gain
  const gains = computeGains(point, `${evaluation}.${metric}@0`, `${evaluation}.${metric}@1`)
  const interval = gains.length < MIN_REPLICATES ? undefined : tInterval(gains, CONFIDENCE)
  const title = `${formatPointPrefix(document, point)}${gain.title} after − before`
  return interval === undefined ? [] : [intervalLine(title, interval)]
}

/**
 * `in-context mIoU after − before: +X [lo, hi] (95 %, n = 5)` for each point with three replicates
 * or more; in-context comes last.
 */
export function gainLines(document: ResultsDocument): readonly string[] {
  const evaluations = [
    ...new Set(document.columns.flatMap(({ key }) => key.match(/^(.*)\.[^.]*@0$/)?.[1] ?? [])),
  ]
  const gains = evaluations.flatMap((evaluation) =>
    GAINS.map(([metric, metricTitle]): Gain => {
      const title = evaluations.length > 1 ? `${evaluation} ${metricTitle}` : metricTitle
      return { evaluation, metric, title }
    }),
  )
  return document.points.flatMap((point) =>
    gains.flatMap((gain) => formatGainLine(document, point, gain)),
  )
}
