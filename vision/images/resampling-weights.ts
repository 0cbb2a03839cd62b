/**
 * How a resized pixel weighs the source around it; both filters widen when an image shrinks, as
 * Pillow's do.
 */
export type ResamplingFilter = 'Bilinear' | 'Bicubic'

/**
 * For each output pixel: where its source pixels begin, and `taps` fixed-point weights
 * (zero-padded).
 */
export interface ResamplingWeights {
  readonly taps: number
  readonly begins: Int32Array // [outputs]
  readonly counts: Int32Array // [outputs]
  readonly weights: Int32Array // [outputs, taps]
}

export const FIXED_POINT_BITS = 22

const filterSupport: Readonly<Record<ResamplingFilter, number>> = { Bilinear: 1, Bicubic: 2 }

function bicubic(distance: number): number {
  const a = -0.5
  const x = Math.abs(distance)
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a
  return 0
}

const filterKernels: Readonly<Record<ResamplingFilter, (distance: number) => number>> = {
  Bilinear: (distance) => Math.max(0, 1 - Math.abs(distance)),
  Bicubic: bicubic,
}

/**
 * The weights of Pillow's 8-bit resize along one axis (src/libImaging/Resample.c:
 * precompute_coeffs).
 */
export function resamplingWeights(
  inputs: number,
  outputs: number,
  filter: ResamplingFilter,
): ResamplingWeights {
  const scale = inputs / outputs
  const widening = Math.max(1, scale)
  const support = filterSupport[filter] * widening
  const kernel = filterKernels[filter]
  const taps = Math.ceil(support) * 2 + 1
  const begins = new Int32Array(outputs)
  const counts = new Int32Array(outputs)
  const weights = new Int32Array(outputs * taps)
  for (let output = 0; output < outputs; output++) {
    const center = (output + 0.5) * scale
    const begin = Math.max(0, Math.trunc(center - support + 0.5))
    const end = Math.min(inputs, Math.trunc(center + support + 0.5))
    begins[output] = begin
    counts[output] = end - begin
    const row = weights.subarray(output * taps, output * taps + end - begin)
    writeRow(row, (tap) => kernel((tap + begin - center + 0.5) / widening))
  }
  return { taps, begins, counts, weights }
}

/**
 * Writes weights that sum to 1, as integers with FIXED_POINT_BITS binary places, rounded away from
 * zero at halves.
 */
function writeRow(row: Int32Array, weightAt: (tap: number) => number): void {
  let sum = 0
  for (let tap = 0; tap < row.length; tap++) sum += weightAt(tap)
  const factor = sum === 0 ? 1 : 1 / sum
  for (let tap = 0; tap < row.length; tap++) {
    const scaled = weightAt(tap) * factor * 2 ** FIXED_POINT_BITS
    row[tap] = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
  }
}
