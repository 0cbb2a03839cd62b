import { erf4, exp4, fma, splat } from './vector-math'

// What the soft sort needs of float32 functions on four lanes, with the limits that the sort
// relies on: a relaxed comparison reaches exactly 0 and 1, and ln 0 is −∞.

/**
 * ln x for normal x > 0 plus `shift`·ln 2, within 1 ulp: x = 2^e·(1 + m) with 1 + m in [√½, √2).
 */
// @ts-ignore: decorator
@inline function logarithmOfNormal4(x: v128, shift: v128): v128 {
  const above = i32x4.sub(x, i32x4.splat(0x3f3504f3))
  const e = i32x4.shr_s(above, 23)
  const exponent = f32x4.add(f32x4.convert_i32x4_s(e), shift)
  const m = f32x4.sub(i32x4.sub(x, i32x4.shl(e, 23)), splat(1))
  const square = f32x4.mul(m, m)
  let p = splat(0.070376836292)
  p = fma(p, m, splat(-0.1151461031))
  p = fma(p, m, splat(0.1167699874))
  p = fma(p, m, splat(-0.12420140846))
  p = fma(p, m, splat(0.14249322787))
  p = fma(p, m, splat(-0.16668057665))
  p = fma(p, m, splat(0.20000714765))
  p = fma(p, m, splat(-0.24999993993))
  p = fma(p, m, splat(0.33333331174))
  p = f32x4.mul(f32x4.mul(p, m), square)
  p = fma(exponent, splat(-2.12194440e-4), p)
  p = f32x4.sub(p, f32x4.mul(square, splat(0.5)))
  return fma(exponent, splat(0.693359375), f32x4.add(m, p))
}

/** The same for every x ≥ 0: −∞ at 0, NaN for NaN. */
function logarithmOfAny4(x: v128): v128 {
  const subnormal = f32x4.lt(x, splat(1.1754943508222875e-38))
  const normal = v128.bitselect(f32x4.mul(x, splat(8388608)), x, subnormal)
  const value = logarithmOfNormal4(normal, v128.and(splat(-23), subnormal))
  const ofZero = v128.bitselect(splat(-Infinity), value, f32x4.eq(x, splat(0)))
  return v128.bitselect(ofZero, x, f32x4.eq(x, x))
}

/** ln x for x ≥ 0, subnormal numbers too; −∞ at 0, NaN for NaN. */
// @ts-ignore: decorator
@inline export function logarithm4(x: v128): v128 {
  const normal = f32x4.ge(x, splat(1.1754943508222875e-38))
  return i32x4.all_true(normal) ? logarithmOfNormal4(x, splat(0)) : logarithmOfAny4(x)
}

/** arctan x within 2 ulp: around 0, around 1, or around ∞. */
// @ts-ignore: decorator
@inline function arctangent4(x: v128): v128 {
  const magnitude = f32x4.abs(x)
  const far = f32x4.gt(magnitude, splat(2.4142135))
  const middle = f32x4.gt(magnitude, splat(0.41421357))
  const one = splat(1)
  let numerator = v128.bitselect(f32x4.sub(magnitude, one), magnitude, middle)
  let denominator = v128.bitselect(f32x4.add(magnitude, one), one, middle)
  numerator = v128.bitselect(splat(-1), numerator, far)
  denominator = v128.bitselect(magnitude, denominator, far)
  const t = f32x4.div(numerator, denominator)
  const offset = v128.bitselect(
    splat(1.5707963267948966), v128.and(splat(0.7853981633974483), middle), far,
  )
  const square = f32x4.mul(t, t)
  let p = splat(0.0805374449538)
  p = fma(p, square, splat(-0.138776856032))
  p = fma(p, square, splat(0.199777106478))
  p = fma(p, square, splat(-0.333329491539))
  const value = f32x4.add(offset, fma(f32x4.mul(p, square), t, t))
  return v128.bitselect(x, value, i32x4.splat(0x80000000))
}

/** 1 / (1 + e^(−v)), exactly 0 below −88. */
// @ts-ignore: decorator
@inline function logistic4(v: v128): v128 {
  const value = f32x4.div(splat(1), f32x4.add(splat(1), exp4(f32x4.neg(v))))
  return v128.andnot(value, f32x4.lt(v, splat(-88)))
}

/** x^(−λ) for x > 0: by square roots where λ allows it. */
// @ts-ignore: decorator
@inline function inversePower4(x: v128, lambda: f32): v128 {
  const one = splat(1)
  if (lambda == 0.25) return f32x4.div(one, f32x4.sqrt(f32x4.sqrt(x)))
  if (lambda == 0.5) return f32x4.div(one, f32x4.sqrt(x))
  if (lambda == 0) return one
  if (lambda == 1) return f32x4.div(one, x)
  let power = splat(Mathf.pow(f32x4.extract_lane(x, 0), -lambda))
  power = f32x4.replace_lane(power, 1, Mathf.pow(f32x4.extract_lane(x, 1), -lambda))
  power = f32x4.replace_lane(power, 2, Mathf.pow(f32x4.extract_lane(x, 2), -lambda))
  return f32x4.replace_lane(power, 3, Mathf.pow(f32x4.extract_lane(x, 3), -lambda))
}

// The numbers that stand for the relaxations in a call.
export const LOGISTIC: i32 = 0
export const LOGISTIC_PHI: i32 = 1
export const CAUCHY: i32 = 2
export const GAUSSIAN: i32 = 3
export const OPTIMAL: i32 = 4

/** diffsort's guard against division by zero. */
const TINY: f32 = 1e-10

/** Stores α = f(Δ), as 0 where it is below `least`, and dα/dΔ. */
// @ts-ignore: decorator
@inline export function compare4(
  relaxation: i32, delta: v128, steepness: f32, lambda: f32, least: f32, alphaOut: usize,
  slopeOut: usize,
): v128 {
  const beta = splat(steepness)
  const one = splat(1)
  const half = splat(0.5)
  let alpha: v128
  let slope: v128
  if (relaxation == LOGISTIC) {
    alpha = logistic4(f32x4.mul(delta, beta))
    slope = f32x4.mul(f32x4.mul(alpha, f32x4.sub(one, alpha)), beta)
  } else if (relaxation == LOGISTIC_PHI) {
    const magnitude = f32x4.abs(delta)
    const distance = f32x4.add(magnitude, splat(TINY))
    const scale = f32x4.mul(beta, inversePower4(distance, lambda))
    alpha = logistic4(f32x4.mul(delta, scale))
    const flat = f32x4.mul(alpha, f32x4.sub(one, alpha))
    const rest = f32x4.add(splat(TINY), f32x4.mul(splat(1 - lambda), magnitude))
    slope = f32x4.mul(f32x4.mul(flat, scale), f32x4.div(rest, distance))
  } else if (relaxation == CAUCHY) {
    const v = f32x4.mul(delta, beta)
    alpha = f32x4.add(f32x4.mul(arctangent4(v), splat(0.3183098861837907)), half)
    slope = f32x4.div(splat(steepness * <f32>0.3183098861837907), f32x4.add(one, f32x4.mul(v, v)))
  } else if (relaxation == GAUSSIAN) {
    const v = f32x4.mul(delta, beta)
    alpha = f32x4.mul(half, f32x4.add(one, erf4(f32x4.mul(v, splat(0.70710678)))))
    const exponent = f32x4.mul(f32x4.mul(v, v), splat(-0.5))
    const density = v128.andnot(exp4(exponent), f32x4.lt(exponent, splat(-87)))
    slope = f32x4.mul(splat(steepness * <f32>0.3989422804014327), density)
  } else if (relaxation == OPTIMAL) {
    const v = f32x4.mul(delta, beta)
    const distance = f32x4.add(f32x4.abs(v), splat(TINY))
    const inside = f32x4.le(f32x4.abs(v), splat(0.25))
    const tail = f32x4.div(splat(0.0625), distance)
    const outside = v128.bitselect(f32x4.sub(one, tail), tail, f32x4.gt(v, splat(0)))
    alpha = v128.bitselect(f32x4.add(v, half), outside, inside)
    slope = v128.bitselect(beta, f32x4.mul(beta, f32x4.div(tail, distance)), inside)
  } else {
    const v = f32x4.mul(delta, beta)
    const divisor = f32x4.add(splat(2), f32x4.abs(v))
    alpha = f32x4.mul(half, f32x4.add(f32x4.div(v, divisor), one))
    slope = f32x4.div(beta, f32x4.mul(divisor, divisor))
  }
  alpha = v128.andnot(alpha, f32x4.lt(alpha, splat(least)))
  v128.store(alphaOut, alpha)
  if (slopeOut) v128.store(slopeOut, slope)
  return alpha
}
