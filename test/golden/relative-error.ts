/** The largest magnitude among the finite values. */
export function largestMagnitude(values: ArrayLike<number>): number {
  let largest = 0
  for (let i = 0; i < values.length; i++) {
    const magnitude = Math.abs(values[i] as number)
    if (Number.isFinite(magnitude)) largest = Math.max(largest, magnitude)
  }
  return largest
}

/** The largest difference. Non-finite values must be at the same positions, else it is Infinity. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY
  let largest = 0
  for (let i = 0; i < expected.length; i++) {
    const want = expected[i] as number
    const got = actual[i] as number
    if (Number.isFinite(want) !== Number.isFinite(got)) return Number.POSITIVE_INFINITY
    if (Number.isFinite(want)) largest = Math.max(largest, Math.abs(got - want))
  }
  return largest
}

/** The largest difference relative to the largest magnitude expected. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return largestDifference(actual, expected) / Math.max(largestMagnitude(expected), 1e-300)
}
