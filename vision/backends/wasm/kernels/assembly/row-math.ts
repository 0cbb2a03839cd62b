import { fma, splat, sumOfLanes } from './vector-math'
import { floats } from './kernel-arguments'

/** Σ a·b over n floats. */
export function dotRow(a: usize, b: usize, n: i32): f32 {
  let sum = splat(0)
  let j = 0
  for (; j + 4 <= n; j += 4) sum = fma(v128.load(a + floats(j)), v128.load(b + floats(j)), sum)
  let total = sumOfLanes(sum)
  for (; j < n; j++) total += load<f32>(a + floats(j)) * load<f32>(b + floats(j))
  return total
}

export function sumRow(a: usize, n: i32): f32 {
  let sum = splat(0)
  let j = 0
  for (; j + 4 <= n; j += 4) sum = f32x4.add(sum, v128.load(a + floats(j)))
  let total = sumOfLanes(sum)
  for (; j < n; j++) total += load<f32>(a + floats(j))
  return total
}

/** out += factor · x over n floats. */
export function addScaled(factor: f32, x: usize, out: usize, n: i32): void {
  const f = splat(factor)
  let j = 0
  for (; j + 4 <= n; j += 4) {
    v128.store(out + floats(j), fma(f, v128.load(x + floats(j)), v128.load(out + floats(j))))
  }
  for (; j < n; j++) {
    const place = out + floats(j)
    const sum = fma(f, v128.load32_zero(x + floats(j)), v128.load32_zero(place))
    store<f32>(place, f32x4.extract_lane(sum, 0))
  }
}

export function largestOf(x: usize, n: i32): f32 {
  let largest: f32 = load<f32>(x)
  for (let j = 1; j < n; j++) largest = max(largest, load<f32>(x + floats(j)))
  return largest
}
