import { gemm } from './gemm'
import { floats, intAt, pointerAt } from './kernel-arguments'
import { exp4, fma, normalDistribution4, splat } from './vector-math'

/** x, weight, bias or 0, y, slope or 0, I, O, gelu. Items: rows of x. */
export function linear(args: usize, begin: i32, end: i32, scratch: usize): void {
  const bias = pointerAt(args, 2)
  const y = pointerAt(args, 3)
  const inputs = intAt(args, 5)
  const outputs = intAt(args, 6)
  const rowBytes = floats(outputs)
  if (bias) {
    for (let i = begin; i < end; i++) memory.copy(y + <usize>i * rowBytes, bias, rowBytes)
  }
  gemm(
    false, true, begin, end, outputs, inputs,
    pointerAt(args, 0), inputs, pointerAt(args, 1), inputs, y, outputs, bias != 0, scratch,
  )
  if (intAt(args, 7)) gelu(y, pointerAt(args, 4), <usize>begin * rowBytes, <usize>end * rowBytes)
}

/** In place on y from byte `first` to `last`; its derivative goes to `slope` when that is given. */
function gelu(y: usize, slope: usize, first: usize, last: usize): void {
  let at = first
  while (at < last) {
    const whole = at + 16 <= last
    const x = whole ? v128.load(y + at) : v128.load32_zero(y + at)
    const exponential = exp4(f32x4.mul(f32x4.mul(x, x), splat(-0.5)))
    const distribution = normalDistribution4(x, exponential)
    const value = f32x4.mul(x, distribution)
    const derivative = fma(f32x4.mul(x, splat(0.3989422804)), exponential, distribution)
    if (whole) {
      v128.store(y + at, value)
      if (slope) v128.store(slope + at, derivative)
      at += 16
    } else {
      store<f32>(y + at, f32x4.extract_lane(value, 0))
      if (slope) store<f32>(slope + at, f32x4.extract_lane(derivative, 0))
      at += 4
    }
  }
}

/** a, b, c, M, N, K, transposeA, transposeB. Items: rows of c over all groups. */
export function matMul(args: usize, begin: i32, end: i32, scratch: usize): void {
  const m = intAt(args, 3)
  const n = intAt(args, 4)
  const k = intAt(args, 5)
  const transposeA = intAt(args, 6) != 0
  const transposeB = intAt(args, 7) != 0
  for (let row = begin; row < end; ) {
    const group = row / m
    const first = row - group * m
    const last = min(m, end - group * m)
    gemm(
      transposeA, transposeB, first, last, n, k,
      pointerAt(args, 0) + floats(group * m * k), transposeA ? m : k,
      pointerAt(args, 1) + floats(group * k * n), transposeB ? k : n,
      pointerAt(args, 2) + floats(group * m * n), n, false, scratch,
    )
    row = group * m + last
  }
}

/**
 * x, out, rows, columns. Items: groups of 16 columns. Sums of 64 rows are added up: fewer
 * roundings.
 */
export function columnSum(args: usize, begin: i32, end: i32, scratch: usize): void {
  const x = pointerAt(args, 0)
  const out = pointerAt(args, 1)
  const rows = intAt(args, 2)
  const columns = intAt(args, 3)
  const step = floats(columns)
  for (let j = begin * 16; j < min(end * 16, columns); j += 16) {
    if (j + 16 <= columns) {
      let t0 = splat(0), t1 = splat(0), t2 = splat(0), t3 = splat(0)
      for (let block = 0; block < rows; block += 64) {
        let s0 = splat(0), s1 = splat(0), s2 = splat(0), s3 = splat(0)
        let from = x + floats(j) + <usize>block * step
        for (let i = block; i < min(rows, block + 64); i++) {
          s0 = f32x4.add(s0, v128.load(from))
          s1 = f32x4.add(s1, v128.load(from, 16))
          s2 = f32x4.add(s2, v128.load(from, 32))
          s3 = f32x4.add(s3, v128.load(from, 48))
          from += step
        }
        t0 = f32x4.add(t0, s0)
        t1 = f32x4.add(t1, s1)
        t2 = f32x4.add(t2, s2)
        t3 = f32x4.add(t3, s3)
      }
      const place = out + floats(j)
      v128.store(place, t0)
      v128.store(place, t1, 16)
      v128.store(place, t2, 32)
      v128.store(place, t3, 48)
    } else {
      for (let column = j; column < columns; column++) {
        let total: f32 = 0
        for (let block = 0; block < rows; block += 64) {
          let part: f32 = 0
          for (let i = block; i < min(rows, block + 64); i++) part += load<f32>(x + floats(column) + <usize>i * step)
          total += part
        }
        store<f32>(out + floats(column), total)
      }
    }
  }
}
