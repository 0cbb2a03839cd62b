/**
 * A 32-bit hash of a few integers (the finalizer of MurmurHash3 over each): random numbers of a
 * search without any state.
 */
export function counterHash(...counters: readonly number[]): number {
  let hash = 0x9e3779b9
  for (const counter of counters) {
    hash = Math.imul(hash ^ counter ^ Math.floor(counter / 2 ** 32), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hash ^= hash >>> 16
  }
  return hash >>> 0
}

/** A number in [0, 1) of a few integers, with 53 random bits. */
export const counterUniform = (...counters: readonly number[]): number =>
  (counterHash(...counters, 1) * 2 ** 21 + (counterHash(...counters, 2) >>> 11)) / 2 ** 53
