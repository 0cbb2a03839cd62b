import { logarithm4 } from './soft-sort-functions'
import { splat } from './vector-math'

// −Σ T·ln(S + ε) over the kept ranks, with S and T the weights of student and teacher of one
// row, and the gradients of scale times it. `inside` masks the lanes that hold an input.
// Lanes that hold none are 0 in T, and 1 in S unless a caller says that they are 0.

/** Sum over ranks of each input's weights, + ε; 1 in lanes that hold no input. */
function sumRanks(weights: usize, begin: usize, end: usize, rowBytes: usize, inside: usize, epsilon: f32, sums: usize): void {
  for (let k: usize = 0; k < rowBytes; k += 16) {
    let sum = splat(epsilon)
    for (let at = begin; at < end; at += rowBytes) sum = f32x4.add(sum, v128.load(weights + at + k))
    v128.store(sums + k, v128.bitselect(sum, splat(1), v128.load(inside + k)))
  }
}

/** Divides the kept weights of each input by their sum + ε; `sums` keeps the divisors. */
export function divideBySums(
  weights: usize, begin: usize, end: usize, rowBytes: usize, inside: usize, epsilon: f32,
  sums: usize,
): void {
  sumRanks(weights, begin, end, rowBytes, inside, epsilon, sums)
  for (let at = begin; at < end; at += rowBytes) {
    for (let k: usize = 0; k < rowBytes; k += 16) {
      v128.store(weights + at + k, f32x4.div(v128.load(weights + at + k), v128.load(sums + k)))
    }
  }
}

/** The adjoint of divideBySums, in place: (g − Σ over ranks of g·share) / sum. */
export function pullDivision(
  gradients: usize, shares: usize, begin: usize, end: usize, rowBytes: usize, sums: usize,
): void {
  for (let k: usize = 0; k < rowBytes; k += 16) {
    let mean = splat(0)
    for (let at = begin; at < end; at += rowBytes) {
      mean = f32x4.add(mean, f32x4.mul(v128.load(gradients + at + k), v128.load(shares + at + k)))
    }
    const sum = v128.load(sums + k)
    for (let at = begin; at < end; at += rowBytes) {
      const g = v128.load(gradients + at + k)
      v128.store(gradients + at + k, f32x4.div(f32x4.sub(g, mean), sum))
    }
  }
}

/** −Σ T·ln(S + ε) of one row in float64, and the gradient of the student. */
export function lossOneWay(
  student: usize, teacher: usize, begin: usize, end: usize, rowBytes: usize, epsilon: f32,
  scale: f32, gradients: usize,
): f64 {
  const eps = splat(epsilon)
  const factor = splat(-scale)
  let total = f64x2.splat(0)
  for (let at = begin; at < end; at += rowBytes) {
    let sum = splat(0)
    for (let k: usize = 0; k < rowBytes; k += 16) {
      const s = f32x4.add(v128.load(student + at + k), eps)
      const t = v128.load(teacher + at + k)
      sum = f32x4.sub(sum, f32x4.mul(t, logarithm4(s)))
      v128.store(gradients + at + k, f32x4.div(f32x4.mul(factor, t), s))
    }
    total = f64x2.add(total, foldedToDouble(sum))
  }
  return f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1)
}

// @ts-ignore: decorator
@inline function foldedToDouble(sum: v128): v128 {
  return f64x2.add(
    f64x2.promote_low_f32x4(sum),
    f64x2.promote_low_f32x4(v128.shuffle<f32>(sum, sum, 2, 3, 2, 3)),
  )
}

/**
 * The sum of one row in float64 where lanes that hold no input are 0 in S too, and the gradient of
 * the student. `both` adds −Σ S·ln(T + ε).
 */
export function lossInGeneral(
  both: bool, student: usize, teacher: usize, begin: usize, end: usize, rowBytes: usize,
  inside: usize, epsilon: f32, scale: f32, gradients: usize,
): f64 {
  const eps = splat(epsilon)
  const one = splat(1)
  const factor = splat(-scale)
  let total = f64x2.splat(0)
  for (let at = begin; at < end; at += rowBytes) {
    let sum = splat(0)
    for (let k: usize = 0; k < rowBytes; k += 16) {
      const lanes = v128.load(inside + k)
      const s = v128.load(student + at + k)
      const t = v128.load(teacher + at + k)
      const safeS = v128.bitselect(f32x4.add(s, eps), one, lanes)
      sum = f32x4.sub(sum, f32x4.mul(t, logarithm4(safeS)))
      let ofStudent = f32x4.div(t, safeS)
      if (both) {
        const safeT = v128.bitselect(f32x4.add(t, eps), one, lanes)
        const logT = logarithm4(safeT)
        sum = f32x4.sub(sum, f32x4.mul(s, logT))
        ofStudent = f32x4.add(ofStudent, logT)
      }
      v128.store(gradients + at + k, f32x4.mul(factor, ofStudent))
    }
    total = f64x2.add(total, foldedToDouble(sum))
  }
  return f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1)
}
