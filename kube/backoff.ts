const INITIAL_DELAY_MS = 1_000
const MAX_DELAY_MS = 30_000

/**
 * How long to rest, in milliseconds, after so many failures in a row: twice as long each time up to 30 s, less up to a
 * quarter, so that clients that failed together do not come back together. `random` is in [0, 1).
 */
export function computeBackoffMs(failures: number, random: number): number {
  const delayMs = Math.min(INITIAL_DELAY_MS * 2 ** (failures - 1), MAX_DELAY_MS)
  return delayMs * (1 - random / 4)
}
