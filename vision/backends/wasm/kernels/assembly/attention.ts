import { gemm, GEMM_SCRATCH } from './gemm'
import { floats, intAt, pointerAt } from './kernel-arguments'
import { dotRow, largestOf } from './row-math'
import { exp4, logarithm, splat, sumOfLanes } from './vector-math'

// One item is one head of one sample. Scores live only for a block of query
// rows, so no array of N² elements exists outside this scratch:
// gemm's part, two blocks [64, N], and with rotation q, k and their gradients [N, d].

const BLOCK: i32 = 64

let q: usize = 0
let k: usize = 0
let v: usize = 0
let queryStep: i32 = 0

/** Finds q, k and v of a head; with rotation q and k are turned copies in `rotated`. */
function readHead(qkv: usize, item: i32, heads: i32, tokens: i32, width: i32, cos: usize, sin: usize, rotated: usize): void {
  const dim = heads * width
  const first = qkv + floats((item / heads) * tokens * 3 * dim + (item % heads) * width)
  q = first
  k = first + floats(dim)
  v = first + floats(2 * dim)
  queryStep = 3 * dim
  if (!cos) return
  const copyK = rotated + floats(tokens * width)
  for (let token = 0; token < tokens; token++) {
    const at = floats(token * width)
    rotate(q + floats(token * queryStep), cos + at, sin + at, rotated + at, width, false)
    rotate(k + floats(token * queryStep), cos + at, sin + at, copyK + at, width, false)
  }
  q = rotated
  k = copyK
  queryStep = width
}

/** x·cos + rot(x)·sin, rot([a, b]) = [−b, a] on the halves; the adjoint turns sin·x back. */
function rotate(x: usize, cos: usize, sin: usize, out: usize, width: i32, adjoint: bool): void {
  const half = width >> 1
  for (let j = 0; j < half; j++) {
    const low = floats(j)
    const high = floats(j + half)
    const a = load<f32>(x + low)
    const b = load<f32>(x + high)
    const c0 = load<f32>(cos + low)
    const c1 = load<f32>(cos + high)
    const s0 = load<f32>(sin + low)
    const s1 = load<f32>(sin + high)
    store<f32>(out + low, adjoint ? a * c0 + b * s1 : a * c0 - b * s0)
    store<f32>(out + high, adjoint ? b * c1 - a * s0 : b * c1 + a * s1)
  }
}

/** qkv, output, logSumExp, cos or 0, sin or 0, N, heads, d. */
export function attention(args: usize, begin: i32, end: i32, scratch: usize): void {
  const tokens = intAt(args, 5)
  const heads = intAt(args, 6)
  const width = intAt(args, 7)
  const dim = heads * width
  const scale: f32 = 1 / sqrt<f32>(<f32>width)
  const scores = scratch + GEMM_SCRATCH
  const rotated = scores + floats(2 * BLOCK * tokens)
  for (let item = begin; item < end; item++) {
    readHead(pointerAt(args, 0), item, heads, tokens, width, pointerAt(args, 3), pointerAt(args, 4), rotated)
    const output = pointerAt(args, 1) + floats((item / heads) * tokens * dim + (item % heads) * width)
    const logSumExp = pointerAt(args, 2) + floats(item * tokens)
    for (let i = 0; i < tokens; i += BLOCK) {
      const rows = min(BLOCK, tokens - i)
      const query = q + floats(i * queryStep)
      gemm(false, true, 0, rows, tokens, width, query, queryStep, k, queryStep, scores, tokens, false, scratch)
      for (let row = 0; row < rows; row++) {
        softmaxRow(scores + floats(row * tokens), tokens, scale, logSumExp + floats(i + row))
      }
      gemm(false, false, 0, rows, width, tokens, scores, tokens, v, 3 * dim, output + floats(i * dim), dim, false, scratch)
    }
  }
}

function softmaxRow(scores: usize, n: i32, scale: f32, logSumExp: usize): void {
  const largest = splat(largestOf(scores, n))
  const factor = splat(scale)
  let sum = splat(0)
  let j = 0
  for (; j + 4 <= n; j += 4) {
    const weight = exp4(f32x4.mul(f32x4.sub(v128.load(scores + floats(j)), largest), factor))
    sum = f32x4.add(sum, weight)
    v128.store(scores + floats(j), weight)
  }
  let total = sumOfLanes(sum)
  for (; j < n; j++) {
    const shifted = f32x4.mul(f32x4.sub(v128.load32_zero(scores + floats(j)), largest), factor)
    const weight = f32x4.extract_lane(exp4(shifted), 0)
    total += weight
    store<f32>(scores + floats(j), weight)
  }
  const inverse = splat(1 / total)
  for (j = 0; j + 4 <= n; j += 4) {
    v128.store(scores + floats(j), f32x4.mul(v128.load(scores + floats(j)), inverse))
  }
  for (; j < n; j++) {
    store<f32>(scores + floats(j), load<f32>(scores + floats(j)) * f32x4.extract_lane(inverse, 0))
  }
  const top = f32x4.extract_lane(largest, 0) * scale
  store<f32>(logSumExp, <f32>(<f64>top + logarithm(<f64>total)))
}

/** dy, qkv, output, logSumExp, cos or 0, sin or 0, dqkv, N, heads, d. */
export function attentionGradient(args: usize, begin: i32, end: i32, scratch: usize): void {
  const cos = pointerAt(args, 4)
  const tokens = intAt(args, 7)
  const heads = intAt(args, 8)
  const width = intAt(args, 9)
  const dim = heads * width
  const step = 3 * dim
  const scale: f32 = 1 / sqrt<f32>(<f32>width)
  const weights = scratch + GEMM_SCRATCH
  const slopes = weights + floats(BLOCK * tokens)
  const rotated = slopes + floats(BLOCK * tokens)
  for (let item = begin; item < end; item++) {
    readHead(pointerAt(args, 1), item, heads, tokens, width, cos, pointerAt(args, 5), rotated)
    const place = floats((item / heads) * tokens * dim + (item % heads) * width)
    const dy = pointerAt(args, 0) + place
    const output = pointerAt(args, 2) + place
    const logSumExp = pointerAt(args, 3) + floats(item * tokens)
    const dq = pointerAt(args, 6) + floats((item / heads) * tokens * step + (item % heads) * width)
    const dk = dq + floats(dim)
    const dv = dk + floats(dim)
    for (let i = 0; i < tokens; i += BLOCK) {
      const rows = min(BLOCK, tokens - i)
      const query = q + floats(i * queryStep)
      const dyBlock = dy + floats(i * dim)
      const more = i > 0
      gemm(false, true, 0, rows, tokens, width, query, queryStep, k, queryStep, weights, tokens, false, scratch)
      gemm(false, true, 0, rows, tokens, width, dyBlock, dim, v, step, slopes, tokens, false, scratch)
      for (let row = 0; row < rows; row++) {
        const inner = dotRow(dyBlock + floats(row * dim), output + floats((i + row) * dim), width)
        const total = load<f32>(logSumExp + floats(i + row))
        slopeRow(weights + floats(row * tokens), slopes + floats(row * tokens), tokens, scale, total, inner)
      }
      gemm(false, false, 0, rows, width, tokens, slopes, tokens, k, queryStep, dq + floats(i * step), step, false, scratch)
      gemm(true, false, 0, tokens, width, rows, slopes, tokens, query, queryStep, dk, step, more, scratch)
      gemm(true, false, 0, tokens, width, rows, weights, tokens, dyBlock, dim, dv, step, more, scratch)
    }
    if (cos) turnBack(dq, dk, step, tokens, width, cos, pointerAt(args, 5), rotated)
  }
}

/** scores → softmax weights; products dy·v → slopes of the scores. */
function slopeRow(weights: usize, slopes: usize, n: i32, scale: f32, total: f32, inner: f32): void {
  const factor = splat(scale)
  for (let j = 0; j < n; ) {
    const whole = j + 4 <= n
    const at = floats(j)
    const score = whole ? v128.load(weights + at) : v128.load32_zero(weights + at)
    const product = whole ? v128.load(slopes + at) : v128.load32_zero(slopes + at)
    const weight = exp4(f32x4.sub(f32x4.mul(score, factor), splat(total)))
    const slope = f32x4.mul(f32x4.mul(weight, f32x4.sub(product, splat(inner))), factor)
    if (whole) {
      v128.store(weights + at, weight)
      v128.store(slopes + at, slope)
    } else {
      store<f32>(weights + at, f32x4.extract_lane(weight, 0))
      store<f32>(slopes + at, f32x4.extract_lane(slope, 0))
    }
    j += whole ? 4 : 1
  }
}

function turnBack(dq: usize, dk: usize, step: i32, tokens: i32, width: i32, cos: usize, sin: usize, spare: usize): void {
  for (let token = 0; token < tokens; token++) {
    const at = floats(token * width)
    for (let which = 0; which < 2; which++) {
      const row = (which ? dk : dq) + floats(token * step)
      rotate(row, cos + at, sin + at, spare, width, true)
      memory.copy(row, spare, floats(width))
    }
  }
}
