import { compare4 } from './soft-sort-functions'
import { fma, sumOfLanes } from './vector-math'

// Two walks through a sorting network: the values of four rows at once, a row in each lane, and
// the weights of one row, a vector of R inputs on each wire. The network is a table of 16 bytes
// a comparator: u16 a, b; u16 begin of the inputs that can have reached the pair, in bytes, with
// bit 0 set where the minimum goes to b; u16 their length in bytes; u32 where the comparator's
// differences lie, in bytes. Wires act in place: the outputs of a pair are the pair itself.

const DESCENDING: i32 = 1
const COMPARATOR_SHIFT: usize = 4
/** Bytes of one value in each of four rows. */
const FOUR_SHIFT: usize = 4

/** The values of four rows through the network; α, and where wanted its slope and Δ. */
export function compareAll(
  table: usize, count: i32, values: usize, relaxation: i32, steepness: f32, lambda: f32,
  least: f32, alphas: usize, slopes: usize, deltas: usize,
): void {
  for (let c: i32 = 0; c < count; c++) {
    const entry = table + (<usize>c << COMPARATOR_SHIFT)
    const at = <usize>c << FOUR_SHIFT
    const a = values + (<usize>load<u16>(entry) << 5)
    const b = values + (<usize>load<u16>(entry, 2) << 5)
    const descending = (load<u16>(entry, 4) & DESCENDING) != 0
    const a01 = v128.load(a)
    const a23 = v128.load(a, 16)
    const b01 = v128.load(b)
    const b23 = v128.load(b, 16)
    const low = f32x4.demote_f64x2_zero(f64x2.sub(b01, a01))
    const high = f32x4.demote_f64x2_zero(f64x2.sub(b23, a23))
    const delta = v128.shuffle<f32>(low, high, 0, 1, 4, 5)
    if (deltas) v128.store(deltas + at, delta)
    const alpha = compare4(
      relaxation, delta, steepness, lambda, least, alphas + at, slopes ? slopes + at : 0,
    )
    const w01 = f64x2.promote_low_f32x4(alpha)
    const w23 = f64x2.promote_low_f32x4(v128.shuffle<f32>(alpha, alpha, 2, 3, 2, 3))
    const u01 = f64x2.sub(f64x2.splat(1), w01)
    const u23 = f64x2.sub(f64x2.splat(1), w23)
    const minimum = descending ? b : a
    const maximum = descending ? a : b
    v128.store(minimum, f64x2.add(f64x2.mul(w01, a01), f64x2.mul(u01, b01)))
    v128.store(minimum, f64x2.add(f64x2.mul(w23, a23), f64x2.mul(u23, b23)), 16)
    v128.store(maximum, f64x2.add(f64x2.mul(u01, a01), f64x2.mul(w01, b01)))
    v128.store(maximum, f64x2.add(f64x2.mul(u23, a23), f64x2.mul(w23, b23)), 16)
  }
}

/**
 * The adjoint of the values of four rows: from ∂α by the weights (`dots`) to ∂x (`gradients`,
 * zero at the start). No loss depends on the sorted values themselves.
 */
export function pullValues(
  table: usize, count: i32, alphas: usize, slopes: usize, deltas: usize, dots: usize,
  gradients: usize,
): void {
  for (let c = count - 1; c >= 0; c--) {
    const entry = table + (<usize>c << COMPARATOR_SHIFT)
    const at = <usize>c << FOUR_SHIFT
    const a = gradients + (<usize>load<u16>(entry) << FOUR_SHIFT)
    const b = gradients + (<usize>load<u16>(entry, 2) << FOUR_SHIFT)
    const descending = (load<u16>(entry, 4) & DESCENDING) != 0
    const ofA = v128.load(a)
    const ofB = v128.load(b)
    const ofMinimum = descending ? ofB : ofA
    const ofMaximum = descending ? ofA : ofB
    const alpha = v128.load(alphas + at)
    const rest = f32x4.sub(f32x4.splat(1), alpha)
    const across = f32x4.mul(f32x4.sub(ofMinimum, ofMaximum), v128.load(deltas + at))
    const flow = f32x4.mul(f32x4.sub(v128.load(dots + at), across), v128.load(slopes + at))
    const mixedA = fma(alpha, ofMinimum, f32x4.mul(rest, ofMaximum))
    const mixedB = fma(rest, ofMinimum, f32x4.mul(alpha, ofMaximum))
    v128.store(a, f32x4.sub(mixedA, flow))
    v128.store(b, f32x4.add(mixedB, flow))
  }
}

/**
 * The weights of one row through comparators [first, last): minimum = α·a + (1 − α)·b and the
 * reverse, convex so that no weight goes negative. `alphas` is at the row's lane. With `keep`
 * the differences a − b stay for pullWeights.
 */
// @ts-ignore: decorator
@inline function mixWeights(
  keep: bool, table: usize, first: i32, last: i32, alphas: usize, weights: usize,
  rowBytes: usize, differences: usize,
): void {
  for (let c = first; c < last; c++) {
    const entry = table + (<usize>c << COMPARATOR_SHIFT)
    const packed = <usize>load<u16>(entry, 4)
    const begin = packed & ~15
    const a = weights + <usize>load<u16>(entry) * rowBytes + begin
    const b = weights + <usize>load<u16>(entry, 2) * rowBytes + begin
    const length = <usize>load<u16>(entry, 6)
    const scalar = load<f32>(alphas + (<usize>c << FOUR_SHIFT))
    const descending = (packed & DESCENDING) != 0
    const toA = f32x4.splat(descending ? <f32>1 - scalar : scalar)
    const toB = f32x4.splat(descending ? scalar : <f32>1 - scalar)
    const difference = differences + <usize>load<u32>(entry, 8)
    for (let k: usize = 0; k < length; k += 16) {
      const ofA = v128.load(a + k)
      const ofB = v128.load(b + k)
      if (keep) v128.store(difference + k, f32x4.sub(ofA, ofB))
      v128.store(a + k, fma(toA, ofA, f32x4.mul(toB, ofB)))
      v128.store(b + k, fma(toB, ofA, f32x4.mul(toA, ofB)))
    }
  }
}

export function forwardWeights(
  table: usize, first: i32, last: i32, alphas: usize, weights: usize, rowBytes: usize,
): void {
  mixWeights(false, table, first, last, alphas, weights, rowBytes, 0)
}

export function forwardWeightsKeeping(
  table: usize, first: i32, last: i32, alphas: usize, weights: usize, rowBytes: usize,
  differences: usize,
): void {
  mixWeights(true, table, first, last, alphas, weights, rowBytes, differences)
}

/** The gradient of the weights back through [first, last); ∂α goes to `dots` at the row's lane. */
export function pullWeights(
  table: usize, first: i32, last: i32, alphas: usize, gradients: usize, rowBytes: usize,
  differences: usize, dots: usize,
): void {
  for (let c = last - 1; c >= first; c--) {
    const entry = table + (<usize>c << COMPARATOR_SHIFT)
    const packed = <usize>load<u16>(entry, 4)
    const begin = packed & ~15
    const a = gradients + <usize>load<u16>(entry) * rowBytes + begin
    const b = gradients + <usize>load<u16>(entry, 2) * rowBytes + begin
    const length = <usize>load<u16>(entry, 6)
    const scalar = load<f32>(alphas + (<usize>c << FOUR_SHIFT))
    const descending = (packed & DESCENDING) != 0
    const toA = f32x4.splat(descending ? <f32>1 - scalar : scalar)
    const toB = f32x4.splat(descending ? scalar : <f32>1 - scalar)
    const difference = differences + <usize>load<u32>(entry, 8)
    let dot = f32x4.splat(0)
    for (let k: usize = 0; k < length; k += 16) {
      const ofA = v128.load(a + k)
      const ofB = v128.load(b + k)
      dot = fma(f32x4.sub(ofA, ofB), v128.load(difference + k), dot)
      v128.store(a + k, fma(toA, ofA, f32x4.mul(toB, ofB)))
      v128.store(b + k, fma(toB, ofA, f32x4.mul(toA, ofB)))
    }
    const sum = sumOfLanes(dot)
    store<f32>(dots + (<usize>c << FOUR_SHIFT), descending ? -sum : sum)
  }
}
