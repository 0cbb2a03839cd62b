import { floats, intAt, pointerAt } from './kernel-arguments'
import { fma, splat } from './vector-math'

// @ts-ignore: decorator
@inline function load4(at: usize, whole: bool): v128 {
  return whole ? v128.load(at) : v128.load32_zero(at)
}

// @ts-ignore: decorator
@inline function store4(at: usize, value: v128, whole: bool): void {
  if (whole) v128.store(at, value)
  else store<f32>(at, f32x4.extract_lane(value, 0))
}

// @ts-ignore: decorator
@inline function sampleScaleOf(scales: usize, row: i32, rowsOfSample: i32): f32 {
  return scales ? load<f32>(scales + floats(row / rowsOfSample)) : 1
}

/** x, branch, gamma or 0, sampleScale or 0, y, D, rows of a sample. Items: rows. */
export function residualScale(args: usize, begin: i32, end: i32, scratch: usize): void {
  const gamma = pointerAt(args, 2)
  const columns = intAt(args, 5)
  for (let row = begin; row < end; row++) {
    const start = floats(row * columns)
    const x = pointerAt(args, 0) + start
    const branch = pointerAt(args, 1) + start
    const y = pointerAt(args, 4) + start
    const scale = splat(sampleScaleOf(pointerAt(args, 3), row, intAt(args, 6)))
    for (let j = 0; j < columns; ) {
      const whole = j + 4 <= columns
      const factor = gamma ? f32x4.mul(load4(gamma + floats(j), whole), scale) : scale
      const sum = fma(load4(branch + floats(j), whole), factor, load4(x + floats(j), whole))
      store4(y + floats(j), sum, whole)
      j += whole ? 4 : 1
    }
  }
}

/** dy, gamma or 0, sampleScale or 0, dBranch, D, rows of a sample. Items: rows. */
export function residualBranchGradient(args: usize, begin: i32, end: i32, scratch: usize): void {
  const gamma = pointerAt(args, 1)
  const columns = intAt(args, 4)
  for (let row = begin; row < end; row++) {
    const start = floats(row * columns)
    const dy = pointerAt(args, 0) + start
    const dBranch = pointerAt(args, 3) + start
    const scale = splat(sampleScaleOf(pointerAt(args, 2), row, intAt(args, 5)))
    for (let j = 0; j < columns; ) {
      const whole = j + 4 <= columns
      const factor = gamma ? f32x4.mul(load4(gamma + floats(j), whole), scale) : scale
      store4(dBranch + floats(j), f32x4.mul(load4(dy + floats(j), whole), factor), whole)
      j += whole ? 4 : 1
    }
  }
}

/**
 * dy, branch, sampleScale or 0, dGamma, rows, D, rows of a sample. Items: groups of 4 columns; sums
 * by blocks of 64 rows.
 */
export function residualGammaGradient(args: usize, begin: i32, end: i32, scratch: usize): void {
  const rows = intAt(args, 4)
  const columns = intAt(args, 5)
  const rowsOfSample = intAt(args, 6)
  const scales = pointerAt(args, 2)
  for (let j = begin * 4; j < min(end * 4, columns); ) {
    const whole = j + 4 <= columns
    let total = splat(0)
    for (let block = 0; block < rows; block += 64) {
      let part = splat(0)
      for (let i = block; i < min(rows, block + 64); i++) {
        const at = floats(i * columns + j)
        const dy = load4(pointerAt(args, 0) + at, whole)
        const product = f32x4.mul(dy, load4(pointerAt(args, 1) + at, whole))
        part = fma(product, splat(sampleScaleOf(scales, i, rowsOfSample)), part)
      }
      total = f32x4.add(total, part)
    }
    store4(pointerAt(args, 3) + floats(j), total, whole)
    j += whole ? 4 : 1
  }
}

/** x, row, y, D. Items: rows of D elements. */
export function addRow(args: usize, begin: i32, end: i32, scratch: usize): void {
  const columns = intAt(args, 3)
  const row = pointerAt(args, 1)
  for (let i = begin; i < end; i++) {
    const x = pointerAt(args, 0) + floats(i * columns)
    const y = pointerAt(args, 2) + floats(i * columns)
    for (let j = 0; j < columns; ) {
      const whole = j + 4 <= columns
      store4(y + floats(j), f32x4.add(load4(x + floats(j), whole), load4(row + floats(j), whole)), whole)
      j += whole ? 4 : 1
    }
  }
}
