import type { SortingNetwork } from '../../method/settings/loss.ts'
import type { Comparator, Layer } from './comparator.ts'
import { comparePair, type SoftComparison } from './relaxation.ts'
import { sortingNetwork } from './sorting-network.ts'

export interface SoftSortSettings extends SoftComparison {
  readonly network: SortingNetwork
}

/** Gradients of a loss with respect to what the sort gave; absent means zero. */
export interface SoftSortGradients {
  /** ∂/∂P as `permutation` is laid out. [R, R] */
  readonly permutation?: Float64Array
  /** ∂/∂sorted. [R] */
  readonly sorted?: Float64Array
}

export interface SoftSortResult {
  /** The values, softly ascending. [R] */
  readonly sorted: Float64Array
  /** permutation[k · R + i] = P[i, k], the weight of input i at rank k. [R ranks, R inputs] */
  readonly permutation: Float64Array
  /** The exact adjoint: ∂/∂x. [R] */
  backward(gradients: SoftSortGradients): Float64Array
}

/**
 * Sorts one row x [R] through a relaxed sorting network in float64 (diffsort 0.2; the golden
 * files diffsort_*.json). Wire k carries a value and its row of weights over the inputs.
 * @throws SortSizeError unless 2 ≤ R ≤ 512
 */
export function softSort(x: ArrayLike<number>, settings: SoftSortSettings): SoftSortResult {
  const layers = sortingNetwork(settings.network, x.length)
  const segments = splitIntoSegments(layers)
  const start = startState(x)
  const tapes = segments.map((segment) => {
    const before = copyState(start)
    const pairs = segment.map((layer) => compareLayer(start, { layer, settings }))
    return { segment, before, pairs }
  })
  return {
    sorted: start.values,
    permutation: start.weights,
    backward: (gradients) => {
      const flowing = gradientState(x.length, gradients)
      for (const tape of tapes.toReversed()) backwardSegment(flowing, tape)
      return flowing.values
    },
  }
}

/** What the wires carry: a value each, and a row of R weights each. */
interface SortState {
  readonly values: Float64Array
  readonly weights: Float64Array
}

interface ComparedValues {
  readonly alpha: number
  readonly slope: number
  readonly delta: number
}

/** The states between are computed again from `before`, so that about √layers states are kept. */
interface SegmentTape {
  readonly segment: readonly Layer[]
  readonly before: SortState
  readonly pairs: readonly (readonly ComparedValues[])[]
}

function splitIntoSegments(layers: readonly Layer[]): readonly (readonly Layer[])[] {
  const length = Math.ceil(Math.sqrt(layers.length))
  const count = Math.ceil(layers.length / length)
  return Array.from({ length: count }, (_, i) => layers.slice(i * length, (i + 1) * length))
}

function startState(x: ArrayLike<number>): SortState {
  const weights = new Float64Array(x.length * x.length)
  for (let i = 0; i < x.length; i++) weights[i * x.length + i] = 1
  return { values: Float64Array.from(x), weights }
}

function copyState({ values, weights }: SortState): SortState {
  return { values: values.slice(), weights: weights.slice() }
}

function gradientState(wires: number, { permutation, sorted }: SoftSortGradients): SortState {
  return {
    values: sorted?.slice() ?? new Float64Array(wires),
    weights: permutation?.slice() ?? new Float64Array(wires * wires),
  }
}

function compareLayer(
  state: SortState,
  { layer, settings }: { layer: Layer; settings: SoftSortSettings },
): readonly ComparedValues[] {
  return layer.map((comparator) => {
    const delta = at(state.values, comparator.b) - at(state.values, comparator.a)
    const pair = { ...comparePair(delta, settings), delta }
    mixForward(state, comparator, pair.alpha)
    return pair
  })
}

/** minimum = α·a + (1 − α)·b, maximum = (1 − α)·a + α·b: the convex form never goes negative. */
function mixForward({ values, weights }: SortState, comparator: Comparator, alpha: number): void {
  const { a, b, minimum, maximum } = comparator
  const size = values.length
  blendRows(values, { from: [a, b], to: [minimum, maximum], alpha, width: 1 })
  blendRows(weights, {
    from: [a * size, b * size],
    to: [minimum * size, maximum * size],
    alpha,
    width: size,
  })
}

interface Mix {
  readonly from: readonly [number, number]
  readonly to: readonly [number, number]
  readonly alpha: number
  readonly width: number
}

/** The pair of rows at `from` becomes the pair at `to`; the two places are the same two rows. */
function blendRows(array: Float64Array, { from, to, alpha, width }: Mix): void {
  const rest = 1 - alpha
  for (let i = 0; i < width; i++) {
    const first = at(array, from[0] + i)
    const second = at(array, from[1] + i)
    array[to[0] + i] = alpha * first + rest * second
    array[to[1] + i] = rest * first + alpha * second
  }
}

/** Pulls the gradient back through a segment; the states inside it are made again. */
function backwardSegment(gradient: SortState, { segment, before, pairs }: SegmentTape): void {
  const state = copyState(before)
  const differences = segment.map((layer, l) =>
    layer.map((comparator, c) => {
      const row = weightDifference(state, comparator)
      mixForward(state, comparator, pairs[l]?.[c]?.alpha ?? Number.NaN)
      return row
    }),
  )
  for (let l = segment.length - 1; l >= 0; l--) {
    segment[l]?.forEach((comparator, c) => {
      const pair = pairs[l]?.[c]
      const difference = differences[l]?.[c]
      if (pair && difference) backwardComparator(gradient, { comparator, pair, difference })
    })
  }
}

function weightDifference({ weights, values }: SortState, { a, b }: Comparator): Float64Array {
  const size = values.length
  const row = new Float64Array(size)
  for (let i = 0; i < size; i++) row[i] = at(weights, a * size + i) - at(weights, b * size + i)
  return row
}

/** ∂α = (∂min − ∂max)·(a − b) over values and weights; then the transposed mix. */
function backwardComparator(
  gradient: SortState,
  step: { comparator: Comparator; pair: ComparedValues; difference: Float64Array },
): void {
  const { comparator, pair, difference } = step
  const { a, b, minimum, maximum } = comparator
  const { values, weights } = gradient
  const size = values.length
  let alphaGradient = -(at(values, minimum) - at(values, maximum)) * pair.delta
  for (let i = 0; i < size; i++) {
    const across = at(weights, minimum * size + i) - at(weights, maximum * size + i)
    alphaGradient += across * at(difference, i)
  }
  const { alpha } = pair
  blendRows(values, { from: [minimum, maximum], to: [a, b], alpha, width: 1 })
  blendRows(weights, {
    from: [minimum * size, maximum * size],
    to: [a * size, b * size],
    alpha,
    width: size,
  })
  const deltaGradient = alphaGradient * pair.slope
  values[a] = at(values, a) - deltaGradient
  values[b] = at(values, b) + deltaGradient
}

function at(array: Float64Array, index: number): number {
  return array[index] as number
}
