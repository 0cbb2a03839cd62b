const NICE = [1, 2, 2.5, 5, 10] as const

/** The round step that cuts a span into about `count` parts. */
function niceStep(span: number, count: number): number {
  const raw = span / count
  const power = 10 ** Math.floor(Math.log10(raw))
  return power * (NICE.find((step) => step * power >= raw * (1 - 1e-9)) ?? 10)
}

export interface Ticks {
  readonly values: readonly number[]
  readonly low: number
  readonly high: number
}

/** Round values that cover [least, greatest]; a span of nothing is widened around its value. */
export function axisTicks(least: number, greatest: number, count: number): Ticks {
  const widen = greatest > least ? 0 : Math.max(Math.abs(least) * 0.1, 1e-6)
  const step = niceStep(greatest + widen - (least - widen), count)
  const first = Math.floor((least - widen) / step + 1e-9)
  const last = Math.ceil((greatest + widen) / step - 1e-9)
  const values = Array.from({ length: last - first + 1 }, (_, at) =>
    Number(((first + at) * step).toPrecision(12)),
  )
  return { values, low: values[0] ?? least, high: values.at(-1) ?? greatest }
}
