import { floatAt, floats, intAt, pointerAt } from './kernel-arguments'
import { addScaled, dotRow, largestOf } from './row-math'
import { exp1, logarithm, splat, sumOfLanes } from './vector-math'

/** x, out, indptr, indices, values, D. Items: rows of the matrix. */
export function sparseRows(args: usize, begin: i32, end: i32, scratch: usize): void {
  const x = pointerAt(args, 0)
  const indptr = pointerAt(args, 2)
  const indices = pointerAt(args, 3)
  const values = pointerAt(args, 4)
  const columns = intAt(args, 5)
  const bytes = floats(columns)
  for (let row = begin; row < end; row++) {
    const out = pointerAt(args, 1) + <usize>row * bytes
    const first = load<i32>(indptr + floats(row))
    const last = load<i32>(indptr + floats(row + 1))
    if (last - first == 1 && load<f32>(values + floats(first)) == 1) {
      memory.copy(out, x + <usize>load<i32>(indices + floats(first)) * bytes, bytes)
      continue
    }
    memory.fill(out, 0, bytes)
    for (let entry = first; entry < last; entry++) {
      const source = x + <usize>load<i32>(indices + floats(entry)) * bytes
      addScaled(load<f32>(values + floats(entry)), source, out, columns)
    }
  }
}

/** x, y, norms, D, eps. Items: rows. */
export function normalizeRows(args: usize, begin: i32, end: i32, scratch: usize): void {
  const columns = intAt(args, 3)
  for (let row = begin; row < end; row++) {
    const x = pointerAt(args, 0) + floats(row * columns)
    const y = pointerAt(args, 1) + floats(row * columns)
    const norm = sqrt<f32>(dotRow(x, x, columns))
    store<f32>(pointerAt(args, 2) + floats(row), norm)
    const divisor = max(norm, floatAt(args, 4))
    let j = 0
    for (; j + 4 <= columns; j += 4) {
      v128.store(y + floats(j), f32x4.div(v128.load(x + floats(j)), splat(divisor)))
    }
    for (; j < columns; j++) store<f32>(y + floats(j), load<f32>(x + floats(j)) / divisor)
  }
}

/** dy, y, norms, dx, D, eps. Items: rows. */
export function normalizeRowsGradient(args: usize, begin: i32, end: i32, scratch: usize): void {
  const columns = intAt(args, 4)
  const eps = floatAt(args, 5)
  for (let row = begin; row < end; row++) {
    const dy = pointerAt(args, 0) + floats(row * columns)
    const y = pointerAt(args, 1) + floats(row * columns)
    const dx = pointerAt(args, 3) + floats(row * columns)
    const norm = load<f32>(pointerAt(args, 2) + floats(row))
    const along: f32 = norm < eps ? 0 : dotRow(dy, y, columns)
    const divisor = max(norm, eps)
    let j = 0
    for (; j + 4 <= columns; j += 4) {
      const tangent = f32x4.sub(
        v128.load(dy + floats(j)), f32x4.mul(v128.load(y + floats(j)), splat(along)),
      )
      v128.store(dx + floats(j), f32x4.div(tangent, splat(divisor)))
    }
    for (; j < columns; j++) {
      store<f32>(dx + floats(j), (load<f32>(dy + floats(j)) - load<f32>(y + floats(j)) * along) / divisor)
    }
  }
}

/** queries, references, distances, P, R, D. Items: rows of queries. */
export function distance(args: usize, begin: i32, end: i32, scratch: usize): void {
  const points = intAt(args, 3)
  const count = intAt(args, 4)
  const columns = intAt(args, 5)
  for (let row = begin; row < end; row++) {
    const query = pointerAt(args, 0) + floats(row * columns)
    const group = row / points
    for (let r = 0; r < count; r++) {
      const reference = pointerAt(args, 1) + floats((group * count + r) * columns)
      let sum: f32 = 0
      let part = splat(0)
      let j = 0
      for (; j + 4 <= columns; j += 4) {
        const d = f32x4.sub(v128.load(query + floats(j)), v128.load(reference + floats(j)))
        part = f32x4.add(part, f32x4.mul(d, d))
      }
      for (; j < columns; j++) {
        const d = load<f32>(query + floats(j)) - load<f32>(reference + floats(j))
        sum += d * d
      }
      sum += sumOfLanes(part)
      store<f32>(pointerAt(args, 2) + floats(row * count + r), sqrt<f32>(sum))
    }
  }
}

/**
 * dy, distances, own, others, dOwn, rows of a group, others of a group, D, stepOwn, stepOther.
 * Items: rows of `own`. dy and distances of (row, other) lie at row·stepOwn + other·stepOther
 * within their group, so that one kernel serves queries and references.
 */
export function distanceGradient(args: usize, begin: i32, end: i32, scratch: usize): void {
  const rows = intAt(args, 5)
  const count = intAt(args, 6)
  const columns = intAt(args, 7)
  for (let item = begin; item < end; item++) {
    const group = item / rows
    const row = item - group * rows
    const own = pointerAt(args, 2) + floats(item * columns)
    const out = pointerAt(args, 4) + floats(item * columns)
    memory.fill(out, 0, floats(columns))
    for (let other = 0; other < count; other++) {
      const at = floats(group * rows * count + row * intAt(args, 8) + other * intAt(args, 9))
      const length = load<f32>(pointerAt(args, 1) + at)
      if (length == 0) continue
      const slope = load<f32>(pointerAt(args, 0) + at) / length
      const from = pointerAt(args, 3) + floats((group * count + other) * columns)
      let j = 0
      for (; j + 4 <= columns; j += 4) {
        const place = out + floats(j)
        const difference = f32x4.sub(v128.load(own + floats(j)), v128.load(from + floats(j)))
        v128.store(place, f32x4.add(v128.load(place), f32x4.mul(splat(slope), difference)))
      }
      for (; j < columns; j++) {
        const place = out + floats(j)
        const difference = load<f32>(own + floats(j)) - load<f32>(from + floats(j))
        store<f32>(place, load<f32>(place) + slope * difference)
      }
    }
  }
}

/**
 * logits, gradient, losses, targets or 0, labels or 0, C, ignore, smoothing, 1/kept rows, has
 * ignore. Items: rows; each gives its own loss, which the host adds up.
 */
export function crossEntropy(args: usize, begin: i32, end: i32, scratch: usize): void {
  const targets = pointerAt(args, 3)
  const labels = pointerAt(args, 4)
  const columns = intAt(args, 5)
  const smoothing = floatAt(args, 7)
  const share = floatAt(args, 8)
  for (let row = begin; row < end; row++) {
    const logits = pointerAt(args, 0) + floats(row * columns)
    const gradient = pointerAt(args, 1) + floats(row * columns)
    const label = labels ? load<i32>(labels + floats(row)) : -1
    if (labels && intAt(args, 9) && label == intAt(args, 6)) {
      memory.fill(gradient, 0, floats(columns))
      store<f32>(pointerAt(args, 2) + floats(row), 0)
      continue
    }
    const largest = largestOf(logits, columns)
    let sum: f64 = 0
    for (let j = 0; j < columns; j++) sum += <f64>exp1(load<f32>(logits + floats(j)) - largest)
    const logSum = logarithm(sum)
    const spread = smoothing / <f32>columns
    let mass: f32 = 1
    if (targets) {
      mass = 0
      for (let j = 0; j < columns; j++) mass += load<f32>(targets + floats(row * columns + j))
    }
    let loss: f64 = 0
    for (let j = 0; j < columns; j++) {
      const score = load<f32>(logits + floats(j)) - largest
      const target = targets
        ? load<f32>(targets + floats(row * columns + j))
        : spread + (j == label ? 1 - smoothing : 0)
      loss += <f64>target * (logSum - <f64>score)
      const probability = exp1(<f32>(<f64>score - logSum))
      store<f32>(gradient + floats(j), (mass * probability - target) * share)
    }
    store<f32>(pointerAt(args, 2) + floats(row), <f32>loss)
  }
}
