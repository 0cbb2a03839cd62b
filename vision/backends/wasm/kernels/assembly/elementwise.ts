import { doubleAt, floatAt, intAt, pointerAt } from './kernel-arguments'
import { fma, sigmoid4, splat } from './vector-math'

// Items are groups of 4 elements. Arrays are padded to 64 bytes, so the last
// group may be whole; what it writes behind the end is never read.

/** gate, value, y. */
export function swiGlu(args: usize, begin: i32, end: i32, scratch: usize): void {
  const gate = pointerAt(args, 0)
  const value = pointerAt(args, 1)
  const y = pointerAt(args, 2)
  for (let at = <usize>begin << 4; at < <usize>end << 4; at += 16) {
    const g = v128.load(gate + at)
    v128.store(y + at, f32x4.mul(f32x4.mul(g, sigmoid4(g)), v128.load(value + at)))
  }
}

/** dy, gate, value, dGate, dValue. */
export function swiGluGradient(args: usize, begin: i32, end: i32, scratch: usize): void {
  const dy = pointerAt(args, 0)
  const gate = pointerAt(args, 1)
  const value = pointerAt(args, 2)
  const dGate = pointerAt(args, 3)
  const dValue = pointerAt(args, 4)
  const one = splat(1)
  for (let at = <usize>begin << 4; at < <usize>end << 4; at += 16) {
    const g = v128.load(gate + at)
    const d = v128.load(dy + at)
    const s = sigmoid4(g)
    const slope = f32x4.mul(s, fma(g, f32x4.sub(one, s), one))
    v128.store(dGate + at, f32x4.mul(f32x4.mul(d, v128.load(value + at)), slope))
    v128.store(dValue + at, f32x4.mul(d, f32x4.mul(g, s)))
  }
}

/** a, b, y. */
export function add(args: usize, begin: i32, end: i32, scratch: usize): void {
  const a = pointerAt(args, 0)
  const b = pointerAt(args, 1)
  const y = pointerAt(args, 2)
  for (let at = <usize>begin << 4; at < <usize>end << 4; at += 16) {
    v128.store(y + at, f32x4.add(v128.load(a + at), v128.load(b + at)))
  }
}

/** a, b, y. */
export function multiply(args: usize, begin: i32, end: i32, scratch: usize): void {
  const a = pointerAt(args, 0)
  const b = pointerAt(args, 1)
  const y = pointerAt(args, 2)
  for (let at = <usize>begin << 4; at < <usize>end << 4; at += 16) {
    v128.store(y + at, f32x4.mul(v128.load(a + at), v128.load(b + at)))
  }
}

/** x, y, factor, offset. */
export function affine(args: usize, begin: i32, end: i32, scratch: usize): void {
  const x = pointerAt(args, 0)
  const y = pointerAt(args, 1)
  const factor = splat(floatAt(args, 2))
  const offset = splat(floatAt(args, 3))
  for (let at = <usize>begin << 4; at < <usize>end << 4; at += 16) {
    v128.store(y + at, fma(factor, v128.load(x + at), offset))
  }
}

/** a, b, out, n; one item: the sum is not split. */
export function dot(args: usize, begin: i32, end: i32, scratch: usize): void {
  const a = pointerAt(args, 0)
  const b = pointerAt(args, 1)
  const n = <usize>intAt(args, 3) << 2
  let low = f64x2.splat(0)
  let high = f64x2.splat(0)
  let at: usize = 0
  for (; at + 16 <= n; at += 16) {
    const x = v128.load(a + at)
    const y = v128.load(b + at)
    low = f64x2.add(low, f64x2.mul(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(y)))
    const x1 = v128.shuffle<i64>(x, x, 1, 1)
    const y1 = v128.shuffle<i64>(y, y, 1, 1)
    high = f64x2.add(high, f64x2.mul(f64x2.promote_low_f32x4(x1), f64x2.promote_low_f32x4(y1)))
  }
  const both = f64x2.add(low, high)
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1)
  for (; at < n; at += 4) sum += <f64>load<f32>(a + at) * <f64>load<f32>(b + at)
  store<f32>(pointerAt(args, 2), <f32>sum)
}

/**
 * parameter, gradient, firstMoment, secondMoment, decay, beta1, beta2, rate, 1/rootCorrection,
 * epsilon, gradientScale.
 */
export function adamwStep(args: usize, begin: i32, end: i32, scratch: usize): void {
  const parameter = pointerAt(args, 0)
  const gradient = pointerAt(args, 1)
  const first = pointerAt(args, 2)
  const second = pointerAt(args, 3)
  const decay = splat(floatAt(args, 4))
  const keepFirst = splat(<f32>(1 - doubleAt(args, 5)))
  const beta2 = splat(floatAt(args, 6))
  const addSecond = splat(<f32>(1 - doubleAt(args, 6)))
  const rate = splat(floatAt(args, 7))
  const inverseRoot = splat(floatAt(args, 8))
  const epsilon = splat(floatAt(args, 9))
  const gradientScale = splat(floatAt(args, 10))
  for (let at = <usize>begin << 4; at < <usize>end << 4; at += 16) {
    const g = f32x4.mul(v128.load(gradient + at), gradientScale)
    const m0 = v128.load(first + at)
    const m = fma(keepFirst, f32x4.sub(g, m0), m0)
    const v = fma(f32x4.mul(addSecond, g), g, f32x4.mul(beta2, v128.load(second + at)))
    v128.store(first + at, m)
    v128.store(second + at, v)
    const denominator = fma(f32x4.sqrt(v), inverseRoot, epsilon)
    const move = f32x4.div(f32x4.mul(rate, m), denominator)
    v128.store(parameter + at, f32x4.sub(f32x4.mul(v128.load(parameter + at), decay), move))
  }
}

/** teacher, student, momentum. */
export function emaStep(args: usize, begin: i32, end: i32, scratch: usize): void {
  const teacher = pointerAt(args, 0)
  const student = pointerAt(args, 1)
  const momentum = splat(floatAt(args, 2))
  const rest = splat(<f32>(1 - doubleAt(args, 2)))
  for (let at = <usize>begin << 4; at < <usize>end << 4; at += 16) {
    const moved = f32x4.mul(rest, v128.load(student + at))
    v128.store(teacher + at, fma(momentum, v128.load(teacher + at), moved))
  }
}
