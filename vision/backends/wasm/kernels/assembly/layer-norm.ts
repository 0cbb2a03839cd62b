import { floatAt, floats, intAt, pointerAt } from './kernel-arguments'
import { dotRow, sumRow } from './row-math'
import { fma, splat, sumOfLanes } from './vector-math'

/** x, gamma, beta, y, mean, deviation, D, eps. Items: rows. */
export function layerNorm(args: usize, begin: i32, end: i32, scratch: usize): void {
  const gamma = pointerAt(args, 1)
  const beta = pointerAt(args, 2)
  const columns = intAt(args, 6)
  for (let row = begin; row < end; row++) {
    const x = pointerAt(args, 0) + floats(row * columns)
    const y = pointerAt(args, 3) + floats(row * columns)
    const mean = sumRow(x, columns) / <f32>columns
    const variance = centredSquares(x, mean, columns) / <f32>columns
    const deviation: f32 = 1 / sqrt<f32>(variance + floatAt(args, 7))
    store<f32>(pointerAt(args, 4) + floats(row), mean)
    store<f32>(pointerAt(args, 5) + floats(row), deviation)
    let j = 0
    for (; j + 4 <= columns; j += 4) {
      const normal = f32x4.mul(f32x4.sub(v128.load(x + floats(j)), splat(mean)), splat(deviation))
      v128.store(y + floats(j), fma(normal, v128.load(gamma + floats(j)), v128.load(beta + floats(j))))
    }
    for (; j < columns; j++) {
      const normal = (load<f32>(x + floats(j)) - mean) * deviation
      store<f32>(y + floats(j), normal * load<f32>(gamma + floats(j)) + load<f32>(beta + floats(j)))
    }
  }
}

function centredSquares(x: usize, mean: f32, n: i32): f32 {
  let sum = splat(0)
  let j = 0
  for (; j + 4 <= n; j += 4) {
    const d = f32x4.sub(v128.load(x + floats(j)), splat(mean))
    sum = fma(d, d, sum)
  }
  let total = sumOfLanes(sum)
  for (; j < n; j++) {
    const d = load<f32>(x + floats(j)) - mean
    total += d * d
  }
  return total
}

/** dy, x, gamma, mean, deviation, dx, D. Items: rows. */
export function layerNormInputGradient(args: usize, begin: i32, end: i32, scratch: usize): void {
  const gamma = pointerAt(args, 2)
  const columns = intAt(args, 6)
  for (let row = begin; row < end; row++) {
    const dy = pointerAt(args, 0) + floats(row * columns)
    const x = pointerAt(args, 1) + floats(row * columns)
    const dx = pointerAt(args, 5) + floats(row * columns)
    const mean = load<f32>(pointerAt(args, 3) + floats(row))
    const deviation = load<f32>(pointerAt(args, 4) + floats(row))
    const inverse: f32 = 1 / <f32>columns
    const meanOfScaled = dotRow(dy, gamma, columns) * inverse
    const meanOfProduct = productSum(dy, gamma, x, mean, columns) * deviation * inverse
    let j = 0
    for (; j + 4 <= columns; j += 4) {
      const normal = f32x4.mul(f32x4.sub(v128.load(x + floats(j)), splat(mean)), splat(deviation))
      const scaled = f32x4.mul(v128.load(dy + floats(j)), v128.load(gamma + floats(j)))
      const centred = f32x4.sub(f32x4.sub(scaled, splat(meanOfScaled)), f32x4.mul(normal, splat(meanOfProduct)))
      v128.store(dx + floats(j), f32x4.mul(splat(deviation), centred))
    }
    for (; j < columns; j++) {
      const normal = (load<f32>(x + floats(j)) - mean) * deviation
      const scaled = load<f32>(dy + floats(j)) * load<f32>(gamma + floats(j))
      store<f32>(dx + floats(j), deviation * (scaled - meanOfScaled - normal * meanOfProduct))
    }
  }
}

function productSum(dy: usize, gamma: usize, x: usize, mean: f32, n: i32): f32 {
  let sum = splat(0)
  let j = 0
  for (; j + 4 <= n; j += 4) {
    const scaled = f32x4.mul(v128.load(dy + floats(j)), v128.load(gamma + floats(j)))
    sum = fma(scaled, f32x4.sub(v128.load(x + floats(j)), splat(mean)), sum)
  }
  let total = sumOfLanes(sum)
  for (; j < n; j++) {
    total += load<f32>(dy + floats(j)) * load<f32>(gamma + floats(j)) * (load<f32>(x + floats(j)) - mean)
  }
  return total
}

/**
 * dy, x, mean, deviation, dGamma, dBeta, rows, D. Items: groups of 8 columns; sums by blocks of 64
 * rows.
 */
export function layerNormParameterGradient(args: usize, begin: i32, end: i32, scratch: usize): void {
  const rows = intAt(args, 6)
  const columns = intAt(args, 7)
  for (let j = begin * 8; j < min(end * 8, columns); ) {
    if (j + 8 <= columns) {
      eightColumns(args, j, rows, columns)
      j += 8
    } else {
      oneColumn(args, j, rows, columns)
      j++
    }
  }
}

function eightColumns(args: usize, j: i32, rows: i32, columns: i32): void {
  const step = floats(columns)
  const mean = pointerAt(args, 2)
  const deviation = pointerAt(args, 3)
  let gamma0 = splat(0), gamma1 = splat(0), beta0 = splat(0), beta1 = splat(0)
  for (let block = 0; block < rows; block += 64) {
    let g0 = splat(0), g1 = splat(0), b0 = splat(0), b1 = splat(0)
    let dy = pointerAt(args, 0) + floats(j) + <usize>block * step
    let x = pointerAt(args, 1) + floats(j) + <usize>block * step
    for (let i = block; i < min(rows, block + 64); i++) {
      const m = v128.load_splat<f32>(mean + floats(i))
      const r = v128.load_splat<f32>(deviation + floats(i))
      const d0 = v128.load(dy)
      const d1 = v128.load(dy, 16)
      g0 = fma(d0, f32x4.mul(f32x4.sub(v128.load(x), m), r), g0)
      g1 = fma(d1, f32x4.mul(f32x4.sub(v128.load(x, 16), m), r), g1)
      b0 = f32x4.add(b0, d0)
      b1 = f32x4.add(b1, d1)
      dy += step
      x += step
    }
    gamma0 = f32x4.add(gamma0, g0)
    gamma1 = f32x4.add(gamma1, g1)
    beta0 = f32x4.add(beta0, b0)
    beta1 = f32x4.add(beta1, b1)
  }
  const dGamma = pointerAt(args, 4) + floats(j)
  const dBeta = pointerAt(args, 5) + floats(j)
  v128.store(dGamma, gamma0)
  v128.store(dGamma, gamma1, 16)
  v128.store(dBeta, beta0)
  v128.store(dBeta, beta1, 16)
}

function oneColumn(args: usize, j: i32, rows: i32, columns: i32): void {
  let gamma: f32 = 0
  let beta: f32 = 0
  for (let block = 0; block < rows; block += 64) {
    let g: f32 = 0
    let b: f32 = 0
    for (let i = block; i < min(rows, block + 64); i++) {
      const at = floats(i * columns + j)
      const dy = load<f32>(pointerAt(args, 0) + at)
      const centred = load<f32>(pointerAt(args, 1) + at) - load<f32>(pointerAt(args, 2) + floats(i))
      g += dy * (centred * load<f32>(pointerAt(args, 3) + floats(i)))
      b += dy
    }
    gamma += g
    beta += b
  }
  store<f32>(pointerAt(args, 4) + floats(j), gamma)
  store<f32>(pointerAt(args, 5) + floats(j), beta)
}
