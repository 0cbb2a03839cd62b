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
