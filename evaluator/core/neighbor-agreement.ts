export interface NeighborAgreement {
  /** Mean Kendall τ of the two rankings of all references. */
  readonly tau: number
  /** Share of patches whose nearest reference is the same. */
  readonly top1: number
  /** Mean share of the five nearest references that both rankings hold. */
  readonly top5: number
}

interface PairedScores {
  /** Similarities [patches, references] of the same places seen through two crops. */
  readonly first: ArrayLike<number>
  readonly second: ArrayLike<number>
  readonly references: number
}

/**
 * How far two crops agree on which references are near: what NeCo trains, measured so that it
 * stays comparable when the settings of the loss change. Higher is not always better: features that
 * hold only positions, or collapsed ones, can agree too, so it is shown beside the effective rank.
 */
export function neighborAgreement({ first, second, references }: PairedScores): NeighborAgreement {
  const patches = first.length / references
  const sum = { tau: 0, top1: 0, top5: 0 }
  for (let patch = 0; patch < patches; patch++) {
    const one = slicePatchScores(first, patch, references)
    const other = slicePatchScores(second, patch, references)
    sum.tau += kendallTau(one, other)
    sum.top1 += computeTopOverlap(findTopNeighbors(one, 1), findTopNeighbors(other, 1))
    sum.top5 += computeTopOverlap(findTopNeighbors(one, 5), findTopNeighbors(other, 5))
  }
  return { tau: sum.tau / patches, top1: sum.top1 / patches, top5: sum.top5 / patches }
}

const slicePatchScores = (all: ArrayLike<number>, patch: number, references: number): number[] =>
  Array.from(
    { length: references },
    (_, reference) => all[patch * references + reference] as number,
  )

/** Indices of the greatest scores; the earlier index first among equals. */
function findTopNeighbors(scores: readonly number[], count: number): readonly number[] {
  const order = scores.map((_, index) => index)
  order.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
  return order.slice(0, count)
}

const computeTopOverlap = (one: readonly number[], other: readonly number[]): number =>
  one.filter((index) => other.includes(index)).length / one.length

/**
 * Kendall's τ of two rankings given as scores of the same items: the share of pairs in the same
 * order minus the share in opposite order, between −1 and 1. A pair that is tied in one ranking
 * counts as neither. O(n²); n ≥ 2.
 */
export function kendallTau(first: ArrayLike<number>, second: ArrayLike<number>): number {
  const items = first.length
  let balance = 0
  for (let a = 1; a < items; a++) {
    for (let b = 0; b < a; b++) {
      const one = (first[a] as number) - (first[b] as number)
      const other = (second[a] as number) - (second[b] as number)
      balance += Math.sign(one) * Math.sign(other)
    }
  }
  return balance / ((items * (items - 1)) / 2)
}
