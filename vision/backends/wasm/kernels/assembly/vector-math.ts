// Float32 functions on four lanes. The polynomials are interpolations at Chebyshev
// nodes of our own; the errors named here were measured over dense grids.

/** a·b + c: one rounding in the relaxed build where the machine has it, else two. */
// @ts-ignore: decorator
@inline export function fma(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<f32>(a, b, c)
  return f32x4.add(f32x4.mul(a, b), c)
}

// @ts-ignore: decorator
@inline export function splat(x: f32): v128 {
  return f32x4.splat(x)
}

/** Sum of the lanes, always in the same order. */
// @ts-ignore: decorator
@inline export function sumOfLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  )
}

/** e^x within 1.1 ulp on [−87, 88]; inputs outside are taken at the bounds. */
// @ts-ignore: decorator
@inline export function exp4(input: v128): v128 {
  const x = f32x4.min(f32x4.max(input, splat(-87)), splat(88))
  const n = f32x4.nearest(f32x4.mul(x, splat(1.44269504)))
  // ln 2 in two parts, the first of few bits, so that the difference is exact.
  const high = f32x4.sub(x, f32x4.mul(n, splat(0.693359375)))
  const r = f32x4.add(high, f32x4.mul(n, splat(2.1219444e-4)))
  let p = splat(0.0013926250831285156)
  p = fma(p, r, splat(0.008363232883680653))
  p = fma(p, r, splat(0.041666554212985416))
  p = fma(p, r, splat(0.16666576666119945))
  p = fma(p, r, splat(0.5))
  const value = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r), splat(1))
  return f32x4.mul(value, i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23))
}

// @ts-ignore: decorator
@inline export function exp1(x: f32): f32 {
  return f32x4.extract_lane(exp4(splat(x)), 0)
}

/** erf(x) for |x| ≤ 0.93: x + x·q(x²), within 1.2 ulp. */
// @ts-ignore: decorator
@inline function erfNear4(x: v128): v128 {
  const s = f32x4.mul(x, x)
  let q = splat(0.00008334018220219873)
  q = fma(q, s, splat(-0.0008134542363065714))
  q = fma(q, s, splat(0.005200353777074294))
  q = fma(q, s, splat(-0.026859145474979734))
  q = fma(q, s, splat(0.11283691411216928))
  q = fma(q, s, splat(-0.376126335100641))
  q = fma(q, s, splat(0.12837916661991056))
  return fma(q, x, x)
}

/** erf(x) within 1.3 ulp: a polynomial near 0, 1 − e^(−p(|x|)) beyond 0.93. */
// @ts-ignore: decorator
@inline export function erf4(x: v128): v128 {
  const near = erfNear4(x)
  const t = f32x4.min(f32x4.abs(x), splat(3.95))
  let p = splat(-0.0000016605963420347911)
  p = fma(p, t, splat(0.00004649336277747386))
  p = fma(p, t, splat(-0.0006002250184434622))
  p = fma(p, t, splat(0.004774377461563339))
  p = fma(p, t, splat(-0.026459415182632125))
  p = fma(p, t, splat(0.11014055939475684))
  p = fma(p, t, splat(0.6317695144712487))
  p = fma(p, t, splat(1.1302617834502224))
  p = fma(p, t, splat(-0.00032590536352117283))
  const far = f32x4.sub(splat(1), exp4(f32x4.neg(p)))
  const signed = v128.or(far, v128.and(x, i32x4.splat(0x80000000)))
  return v128.bitselect(near, signed, f32x4.le(f32x4.abs(x), splat(0.93)))
}

/**
 * The normal distribution function, given exp(−x²/2): ½ + ½·erf near 0; beyond 0.93·√2
 * the tail ½·exp(−x²/2)·r(1 / (1 + |x|/√2)), which keeps its digits for negative x.
 */
// @ts-ignore: decorator
@inline export function normalDistribution4(x: v128, exponential: v128): v128 {
  const z = f32x4.mul(x, splat(0.70710678))
  const t = f32x4.abs(z)
  const half = splat(0.5)
  const near = fma(half, erfNear4(z), half)
  const u = f32x4.div(splat(1), f32x4.add(splat(1), t))
  let r = splat(-0.22005023617220507)
  r = fma(r, u, splat(1.004718567717416))
  r = fma(r, u, splat(-1.5745867562293572))
  r = fma(r, u, splat(0.7514448500050759))
  r = fma(r, u, splat(0.4694102906797518))
  r = fma(r, u, splat(0.5744317623852664))
  r = fma(r, u, splat(-0.0004629960831449287))
  const tail = f32x4.mul(half, f32x4.mul(exponential, r))
  const far = v128.bitselect(tail, f32x4.sub(splat(1), tail), f32x4.lt(x, splat(0)))
  return v128.bitselect(near, far, f32x4.le(t, splat(0.93)))
}

// @ts-ignore: decorator
@inline export function sigmoid4(x: v128): v128 {
  return f32x4.div(splat(1), f32x4.add(splat(1), exp4(f32x4.neg(x))))
}

/** ln x for normal x > 0, in float64: the series of 2·atanh((m − 1) / (m + 1)). */
export function logarithm(x: f64): f64 {
  const bits = reinterpret<i64>(x)
  let exponent = <i32>((bits >> 52) & 0x7ff) - 1023
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000)
  if (m > 1.4142135623730951) {
    m *= 0.5
    exponent++
  }
  const s = (m - 1) / (m + 1)
  const s2 = s * s
  let sum: f64 = 0
  for (let k = 19; k >= 1; k -= 2) sum = sum * s2 + 1 / <f64>k
  return 2 * s * sum + <f64>exponent * 0.6931471805599453
}
