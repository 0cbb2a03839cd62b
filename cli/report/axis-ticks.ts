const TICK_STEPS = [1, 2, 2.5, 5, 10] as const

/** The step of 1, 2 or 5 times a power of ten that divides a span into about `count` parts. */
function chooseTickStep(span: number, count: number): number {
  const raw = span / count
  const power = 10 ** Math.floor(Math.log10(raw))
  return power * (TICK_STEPS.find((step) => step * power >= raw * (1 - 1e-9)) ?? 10)
}

export interface Ticks {
  readonly values: readonly number[]
  readonly low: number
  readonly high: number
}

/** Tick values that cover [least, greatest]; an empty span is widened around its value. */
export function axisTicks(min: number, max: number, count: number): Ticks {
  const widen = max > min ? 0 : Math.max(Math.abs(min) * 0.1, 1e-6)
  const step = chooseTickStep(max + widen - (min - widen), count)
  const first = Math.floor((min - widen) / step + 1e-9)
  const last = Math.ceil((max + widen) / step - 1e-9)
  const values = Array.from({ length: last - first + 1 }, (_, at) =>
    Number(((first + at) * step).toPrecision(12)),
  )
  return { values, low: values[0] ?? min, high: values.at(-1) ?? max }
}
