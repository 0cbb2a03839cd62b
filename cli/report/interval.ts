import { mean, sampleStandardDeviation } from '../../operator/core/results/sample-statistics.ts'
import { studentTQuantile } from './student-t.ts'

export interface Interval {
  readonly mean: number
  readonly low: number
  readonly high: number
  readonly n: number
}

/** The mean of a sample with its two-sided t interval; undefined for fewer than two values. */
export function tInterval(sample: readonly number[], confidence: number): Interval | undefined {
  const n = sample.length
  const deviation = sampleStandardDeviation(sample)
  if (deviation === undefined) return undefined
  const center = mean(sample)
  const half = (studentTQuantile((1 + confidence) / 2, n - 1) * deviation) / Math.sqrt(n)
  return { mean: center, low: center - half, high: center + half, n }
}

/** +5.12: a gain always has its sign. */
const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`

/** `in-context mIoU after − before: +5.12 [+4.01, +6.23] (95 %, n = 5)` */
export const intervalLine = (title: string, { mean: center, low, high, n }: Interval): string =>
  `${title}: ${signed(center)} [${signed(low)}, ${signed(high)}] (95 %, n = ${n})`
