import type { Relaxation } from '../../method/settings/loss.ts'
import { errorFunction } from './error-function.ts'

/** diffsort's guard against division by zero. */
const TINY = 1e-10

export interface SoftComparison {
  readonly relaxation: Relaxation
  /** β. */
  readonly steepness: number
  /** λ of LogisticPhi. */
  readonly lambda: number
}

/** α = f(Δ) and dα/dΔ. */
export interface ComparedPair {
  readonly alpha: number
  readonly slope: number
}

/**
 * The relaxed comparison f of a pair whose difference is Δ = x[b] − x[a], written as diffsort
 * 0.2 computes it, so that α reaches exactly 0 and 1 where diffsort's does.
 */
export function comparePair(delta: number, { relaxation, ...of }: SoftComparison): ComparedPair {
  return comparisons[relaxation](delta, of)
}

type Compare = (delta: number, of: { steepness: number; lambda: number }) => ComparedPair

const comparisons: Readonly<Record<Relaxation, Compare>> = {
  Logistic: (delta, { steepness }) => {
    const alpha = sigmoid(delta * steepness)
    return { alpha, slope: alpha * (1 - alpha) * steepness }
  },
  LogisticPhi: (delta, { steepness, lambda }) => {
    const distance = Math.abs(delta) + TINY
    const scale = steepness / distance ** lambda
    const alpha = sigmoid(delta * scale)
    const slope = (scale * (TINY + (1 - lambda) * Math.abs(delta))) / distance
    return { alpha, slope: alpha * (1 - alpha) * slope }
  },
  Cauchy: (delta, { steepness }) => {
    const v = delta * steepness
    return { alpha: Math.atan(v) / Math.PI + 0.5, slope: steepness / (Math.PI * (1 + v * v)) }
  },
  // diffsort keeps σ = 1/β of the gradient, and only of the gradient, in float32.
  Gaussian: (delta, { steepness }) => {
    const sigma = Math.fround(1 / steepness)
    const slope = Math.exp(-0.5 * (delta / sigma) ** 2) / (sigma * Math.sqrt(2 * Math.PI))
    return { alpha: 0.5 + 0.5 * errorFunction((delta * steepness) / Math.SQRT2), slope }
  },
  Optimal: (delta, { steepness }) => {
    const v = delta * steepness
    const distance = Math.abs(v) + TINY
    if (Math.abs(v) <= 0.25) return { alpha: v + 0.5, slope: steepness }
    const tail = 1 / (16 * distance)
    return { alpha: v > 0 ? 1 - tail : tail, slope: (steepness * tail) / distance }
  },
  Reciprocal: (delta, { steepness }) => {
    const v = delta * steepness
    const divisor = 2 + Math.abs(v)
    return { alpha: 0.5 * (v / divisor + 1), slope: steepness / (divisor * divisor) }
  },
}

function sigmoid(v: number): number {
  return 1 / (1 + Math.exp(-v))
}
