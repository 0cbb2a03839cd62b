/**
 * float32 values in [−0.5, 0.5): a hash of each index, the same as in
 * bench/pytorch/numbers_of_index.py.
 */
export function generateHashedNumbers(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => {
    let x = (Math.imul(index, 2654435761) + seed * 40503) | 0
    x ^= x >>> 16
    x = Math.imul(x, 2246822519)
    x ^= x >>> 13
    x = Math.imul(x, 3266489917)
    x ^= x >>> 16
    return (x >>> 0) / 2 ** 32 - 0.5
  })
}
