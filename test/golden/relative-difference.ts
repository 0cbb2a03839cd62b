import { largestDifference, largestMagnitude } from './relative-error.ts'

/**
 * The largest difference over the largest magnitude expected; where all are 0, the largest
 * difference.
 */
export function relativeDifference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): number {
  return largestDifference(actual, expected) / (largestMagnitude(expected) || 1)
}
