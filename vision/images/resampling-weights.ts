/** How a resized pixel weighs the source around it; both filters widen when an image shrinks, as Pillow's do. */
export type ResamplingFilter = 'Bilinear' | 'Bicubic'

/** For each output pixel: where its source pixels begin, and `taps` fixed-point weights (zero-padded). */
export interface ResamplingWeights {
  readonly taps: number
  readonly begins: Int32Array // [outputs]
  readonly counts: Int32Array // [outputs]
  readonly weights: Int32Array // [outputs, taps]
}

export const FIXED_POINT_BITS = 22

const supportOf: Readonly<Record<ResamplingFilter, number>> = { Bilinear: 1, Bicubic: 2 }

function bicubic(distance: number): number {
  const a = -0.5
  const x = Math.abs(distance)
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a
  return 0
}

const kernelOf: Readonly<Record<ResamplingFilter, (distance: number) => number>> = {
  Bilinear: (distance) => Math.max(0, 1 - Math.abs(distance)),
  Bicubic: bicubic,
}

/** The weights of Pillow's 8-bit resize along one axis (src/libImaging/Resample.c: precompute_coeffs). */
export function resamplingWeights(
  inputs: number,
  outputs: number,
  filter: ResamplingFilter,
): ResamplingWeights {
  const scale = inputs / outputs
  const widening = Math.max(1, scale)
  const support = supportOf[filter] * widening
  const taps = Math.ceil(support) * 2 + 1
  const begins = new Int32Array(outputs)
  const counts = new Int32Array(outputs)
  const weights = new Int32Array(outputs * taps)
  for (let output = 0; output < outputs; output++) {
    const centre = (output + 0.5) * scale
    const begin = Math.max(0, Math.trunc(centre - support + 0.5))
    const end = Math.min(inputs, Math.trunc(centre + support + 0.5))
    begins[output] = begin
    counts[output] = end - begin
    const row = Array.from({ length: end - begin }, (_, tap) =>
      kernelOf[filter]((tap + begin - centre + 0.5) / widening),
    )
    weights.set(toFixedPoint(row), output * taps)
  }
  return { taps, begins, counts, weights }
}

/** Weights that sum to 1, as integers with FIXED_POINT_BITS binary places, rounded away from zero at halves. */
function toFixedPoint(row: readonly number[]): number[] {
  const sum = row.reduce((total, weight) => total + weight, 0)
  return row.map((weight) => {
    const scaled = (sum === 0 ? weight : weight * (1 / sum)) * 2 ** FIXED_POINT_BITS
    return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
  })
}
