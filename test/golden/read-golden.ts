import { readFileSync } from 'node:fs'

/** A tensor of a golden file; `data` is row-major and holds what the reference implementation computed. */
export type GoldenTensor = {
  readonly shape: number[]
  readonly dtype: string
  readonly data: Float64Array
}

const nonFinite: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
}

/** Reads `test/golden/<name>` (with or without `.json`) as parsed JSON. */
export function readGolden(name: string): unknown {
  const file = name.endsWith('.json') ? name : `${name}.json`
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'))
}

/** A number of a golden file: non-finite ones are written as strings. */
export function goldenNumber(value: unknown): number {
  if (typeof value === 'number') return value
  const found = typeof value === 'string' ? nonFinite[value] : undefined
  if (found === undefined) throw new Error(`not a number of a golden file: ${String(value)}`)
  return found
}

/**
 * Decodes `{shape, dtype, data}`. float32 values are printed as the shortest decimal that
 * identifies them, so they pass through Math.fround; everything else is kept as float64.
 */
export function goldenTensor(node: unknown): GoldenTensor {
  const { shape, dtype, data } = node as { shape: number[]; dtype: string; data: unknown[] }
  const size = shape.reduce((product, extent) => product * extent, 1)
  if (data.length !== size) {
    throw new Error(`golden tensor of shape [${shape}] holds ${data.length} values`)
  }
  const values = Float64Array.from(data, goldenNumber)
  return { shape, dtype, data: dtype === 'float32' ? values.map(Math.fround) : values }
}
