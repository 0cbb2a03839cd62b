import { floatAt, intAt, pointerAt } from './kernel-arguments'
import { divideBySums, lossInGeneral, lossOneWay, pullDivision } from './soft-sort-loss'
import {
  compareAll, forwardWeights, forwardWeightsKeeping, pullValues, pullWeights,
} from './soft-sort-network'

// The whole loss of NeCo for a range of rows: both sorts, the cross-entropy and the exact
// adjoint, all in scratch that stays in cache. The slots of a call and the regions of scratch
// are laid out by soft-sort-layout.ts, which is the one place that knows their sizes.

let rowBytes: usize = 0
let wires: i32 = 0
let lead: i32 = 0
let count: i32 = 0
let table: usize = 0
let leafStarts: usize = 0
let leafCount: i32 = 0
let differences: usize = 0
let checkpoints: usize = 0
let inside: usize = 0
let outside: f32 = 0
let least: f32 = 0

/**
 * With an ε, weights under ε·2⁻³⁰ cannot show in a float32 S + ε. They are kept from falling
 * further, because arithmetic on subnormal numbers is many times slower. For an ε so small
 * that products of such weights would be subnormal themselves, and for none, nothing is done.
 */
function leastWeight(epsilon: f32): f32 {
  return epsilon > 1e-9 ? epsilon * <f32>9.313225746154785e-10 : 0
}

/** Four values of one wire, one a row; rows past the last repeat it. */
function loadValues(source: usize, row: i32, last: i32, values: usize): void {
  for (let lane: i32 = 0; lane < 4; lane++) {
    const from = source + ((<usize>(min(row + lane, last) * wires)) << 2)
    for (let i: i32 = 0; i < wires; i++) {
      store<f64>(values + (<usize>i << 5) + (<usize>lane << 3), <f64>load<f32>(from + (<usize>i << 2)))
    }
  }
}

/** The identity. Lanes that hold no input start and stay at `outside`, 0 or 1. */
function startWeights(weights: usize): void {
  for (let k: usize = 0; k < rowBytes; k += 16) {
    const row = v128.bitselect(f32x4.splat(least), f32x4.splat(outside), v128.load(inside + k))
    for (let i: usize = 0; i < <usize>wires; i++) v128.store(weights + i * rowBytes + k, row)
  }
  for (let i: i32 = 0; i < wires; i++) {
    store<f32>(weights + <usize>i * rowBytes + (<usize>(i + lead) << 2), 1)
  }
}

// @ts-ignore: decorator
@inline function leafStart(leaf: i32): i32 {
  return load<i32>(leafStarts + (<usize>leaf << 2))
}

// @ts-ignore: decorator
@inline function checkpoint(depth: i32): usize {
  return checkpoints + <usize>(depth - 1) * <usize>wires * rowBytes
}

/** Depth 0 stands for the identity, which needs no memory. */
function restore(depth: i32, weights: usize): void {
  if (depth == 0) startWeights(weights)
  else memory.copy(weights, checkpoint(depth), <usize>wires * rowBytes)
}

/** The weights at the end of the network; a network of one leaf keeps its differences. */
function forward(alphas: usize, weights: usize): void {
  startWeights(weights)
  if (leafCount == 1) forwardWeightsKeeping(table, 0, count, alphas, weights, rowBytes, differences)
  else forwardWeights(table, 0, count, alphas, weights, rowBytes)
}

/**
 * The adjoint through leaves [first, last), whose start is the checkpoint of `depth`: the second
 * half from a new checkpoint, then the first. So memory grows with log(leaves), not with layers.
 */
function pullLeaves(
  first: i32, last: i32, depth: i32, alphas: usize, weights: usize, gradients: usize, dots: usize,
): void {
  restore(depth, weights)
  if (last - first == 1) {
    forwardWeightsKeeping(
      table, leafStart(first), leafStart(last), alphas, weights, rowBytes, differences,
    )
    pullWeights(
      table, leafStart(first), leafStart(last), alphas, gradients, rowBytes, differences, dots,
    )
    return
  }
  const middle = (first + last) >> 1
  forwardWeights(table, leafStart(first), leafStart(middle), alphas, weights, rowBytes)
  memory.copy(checkpoint(depth + 1), weights, <usize>wires * rowBytes)
  pullLeaves(middle, last, depth + 1, alphas, weights, gradients, dots)
  pullLeaves(first, middle, depth, alphas, weights, gradients, dots)
}

/** The adjoint of the whole network; one of a single leaf has its differences from `forward`. */
function pull(alphas: usize, weights: usize, gradients: usize, dots: usize): void {
  if (leafCount == 1) pullWeights(table, 0, count, alphas, gradients, rowBytes, differences, dots)
  else pullLeaves(0, leafCount, 0, alphas, weights, gradients, dots)
}

function storeGradients(gradients: usize, target: usize, row: i32, rows: i32): void {
  for (let lane: i32 = 0; lane < rows; lane++) {
    const to = target + ((<usize>((row + lane) * wires)) << 2)
    for (let i: i32 = 0; i < wires; i++) {
      store<f32>(to + (<usize>i << 2), load<f32>(gradients + (<usize>i << 4) + (<usize>lane << 2)))
    }
  }
}

function readNetwork(args: usize, scratch: usize): void {
  table = pointerAt(args, 5)
  leafStarts = pointerAt(args, 6)
  leafCount = intAt(args, 7)
  wires = intAt(args, 8)
  count = intAt(args, 9)
  rowBytes = pointerAt(args, 10)
  lead = intAt(args, 11)
  inside = pointerAt(args, 22)
  differences = scratch + pointerAt(args, 31)
  checkpoints = scratch + pointerAt(args, 32)
}

/** See soft-sort-layout.ts for the slots. Items: rows, in any split. */
export function softSortCrossEntropy(args: usize, begin: i32, end: i32, scratch: usize): void {
  const mask = pointerAt(args, 2)
  const studentOut = pointerAt(args, 3)
  const rowLosses = pointerAt(args, 4)
  readNetwork(args, scratch)
  const keptBegin = pointerAt(args, 12) * rowBytes
  const keptEnd = pointerAt(args, 13) * rowBytes
  const both = intAt(args, 14) != 0
  const renormalize = intAt(args, 15) != 0
  const relaxation = intAt(args, 16)
  const lambda = floatAt(args, 17)
  const studentSteepness = floatAt(args, 18)
  const teacherSteepness = floatAt(args, 19)
  const epsilon = floatAt(args, 20)
  const scale = floatAt(args, 21)
  least = leastWeight(epsilon)
  const values = scratch + pointerAt(args, 23)
  const studentTape = scratch + pointerAt(args, 24)
  const teacherTape = scratch + pointerAt(args, 25)
  const studentWeights = scratch + pointerAt(args, 26)
  const teacherWeights = scratch + pointerAt(args, 27)
  const studentGradients = scratch + pointerAt(args, 28)
  const studentSums = scratch + pointerAt(args, 29)
  const teacherSums = scratch + pointerAt(args, 30)

  const tapeBytes = <usize>count << 4
  const slopes = studentTape + tapeBytes
  const deltas = slopes + tapeBytes
  const dots = deltas + tapeBytes
  const matrixBytes = <usize>wires * rowBytes
  const general = both || renormalize
  const sparse = keptEnd - keptBegin < matrixBytes
  for (let row = begin; row < end; row += 4) {
    const rows = min(4, end - row)
    loadValues(pointerAt(args, 0), row, end - 1, values)
    compareAll(table, count, values, relaxation, studentSteepness, lambda, least, studentTape, slopes, deltas)
    loadValues(pointerAt(args, 1), row, end - 1, values)
    compareAll(table, count, values, relaxation, teacherSteepness, lambda, least, teacherTape, 0, 0)
    for (let lane: i32 = 0; lane < rows; lane++) {
      const shift = <usize>lane << 2
      const losses = rowLosses + (<usize>(row + lane) << 3)
      if (mask && load<f32>(mask + (<usize>(row + lane) << 2)) == 0) {
        store<f64>(losses, 0)
        continue
      }
      outside = 0
      startWeights(teacherWeights)
      forwardWeights(table, 0, count, teacherTape + shift, teacherWeights, rowBytes)
      outside = general ? 0 : 1
      forward(studentTape + shift, studentWeights)
      if (renormalize) {
        divideBySums(studentWeights, keptBegin, keptEnd, rowBytes, inside, epsilon, studentSums)
        divideBySums(teacherWeights, keptBegin, keptEnd, rowBytes, inside, epsilon, teacherSums)
      }
      if (sparse) memory.fill(studentGradients, 0, matrixBytes)
      store<f64>(losses, general
        ? lossInGeneral(both, studentWeights, teacherWeights, keptBegin, keptEnd, rowBytes, inside, epsilon, scale, studentGradients)
        : lossOneWay(studentWeights, teacherWeights, keptBegin, keptEnd, rowBytes, epsilon, scale, studentGradients))
      if (renormalize) {
        pullDivision(studentGradients, studentWeights, keptBegin, keptEnd, rowBytes, studentSums)
      }
      pull(studentTape + shift, studentWeights, studentGradients, dots + shift)
    }
    memory.fill(values, 0, <usize>wires << 4)
    pullValues(table, count, studentTape, slopes, deltas, dots, values)
    storeGradients(values, studentOut, row, rows)
    if (mask) clearMasked(mask, studentOut, row, rows)
  }
}

/** Rows that do not count have gradient 0, whatever their values are. */
function clearMasked(mask: usize, studentOut: usize, row: i32, rows: i32): void {
  const bytes = <usize>wires << 2
  for (let at = row; at < row + rows; at++) {
    if (load<f32>(mask + (<usize>at << 2)) != 0) continue
    memory.fill(studentOut + <usize>at * bytes, 0, bytes)
  }
}

/**
 * The sort by itself, so that it can be compared with other programs: x [M, R] in slot 0, ∂P
 * [M, R ranks, R inputs] in 1 and ∂sorted [M, R] in 2 give ∂x by P in 3, sorted [M, R]
 * in 4, ∂x by sorted in 33 and P in 34. Other slots as above, with the student's steepness.
 */
export function softSort(args: usize, begin: i32, end: i32, scratch: usize): void {
  readNetwork(args, scratch)
  least = 0
  outside = 0
  const values = scratch + pointerAt(args, 23)
  const tape = scratch + pointerAt(args, 24)
  const weights = scratch + pointerAt(args, 26)
  const gradients = scratch + pointerAt(args, 28)
  const tapeBytes = <usize>count << 4
  const slopes = tape + tapeBytes
  const deltas = slopes + tapeBytes
  const dots = deltas + tapeBytes
  for (let row = begin; row < end; row++) {
    loadValues(pointerAt(args, 0), row, row, values)
    compareAll(table, count, values, intAt(args, 16), floatAt(args, 18), floatAt(args, 17), 0, tape, slopes, deltas)
    const sorted = pointerAt(args, 4) + (<usize>(row * wires) << 2)
    for (let k: usize = 0; k < <usize>wires; k++) store<f32>(sorted + (k << 2), <f32>load<f64>(values + (k << 5)))
    forward(tape, weights)
    const matrix = <usize>(row * wires * wires) << 2
    memory.fill(gradients, 0, <usize>wires * rowBytes)
    copyRanks(weights, rowBytes, (<usize>lead << 2), pointerAt(args, 34) + matrix, <usize>wires << 2, 0)
    copyRanks(pointerAt(args, 1) + matrix, <usize>wires << 2, 0, gradients, rowBytes, (<usize>lead << 2))
    pull(tape, weights, gradients, dots)
    memory.fill(values, 0, <usize>wires << 4)
    pullValues(table, count, tape, slopes, deltas, dots, values)
    storeGradients(values, pointerAt(args, 3), row, 1)
    const ofSorted = pointerAt(args, 2) + (<usize>(row * wires) << 2)
    memory.fill(dots, 0, tapeBytes)
    for (let k: usize = 0; k < <usize>wires; k++) v128.store(values + (k << 4), v128.load32_splat(ofSorted + (k << 2)))
    pullValues(table, count, tape, slopes, deltas, dots, values)
    storeGradients(values, pointerAt(args, 33), row, 1)
  }
}

function copyRanks(from: usize, fromBytes: usize, fromLead: usize, to: usize, toBytes: usize, toLead: usize): void {
  for (let k: usize = 0; k < <usize>wires; k++) {
    memory.copy(to + k * toBytes + toLead, from + k * fromBytes + fromLead, <usize>wires << 2)
  }
}
