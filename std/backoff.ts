export interface BackoffLimits {
  /** After the first failure. */
  readonly initialMs: number
  readonly maxMs: number
}

/**
 * How long to wait, in milliseconds, after so many failures in a row (1 or more): twice as long
 * each time up to the limit. `random`, in [0, 1), takes off up to a quarter, so that clients that
 * failed together do not come back together; left out, nothing is taken off.
 */
export function computeBackoffMs(
  { initialMs, maxMs }: BackoffLimits,
  failures: number,
  random = 0,
): number {
  return Math.min(initialMs * 2 ** (failures - 1), maxMs) * (1 - random / 4)
}
