/** What the initial values of a parameter need: numbers from a random stream. */
export interface NormalSource {
  uniform(): number
  normal(): number
}

const DEVIATION = 0.02

/**
 * Values that a parameter starts from: scales 1, biases 0, the patch projection Xavier-uniform over
 * its flattened matrix, everything else normal with deviation 0.02 (as DINO's truncated normal,
 * whose bounds of ±2 are a hundred deviations away).
 */
export function initialValues(
  name: string,
  shape: readonly number[],
  source: NormalSource,
): Float32Array {
  const size = shape.reduce((product, side) => product * side, 1)
  const values = new Float32Array(size)
  if (name.endsWith('.bias')) return values
  if (shape.length === 1) return values.fill(1)
  if (name !== 'patch_embed.proj.weight') return values.map(() => DEVIATION * source.normal())
  const [outputs = 1] = shape
  const bound = Math.sqrt(6 / (outputs + size / outputs))
  return values.map(() => bound * (2 * source.uniform() - 1))
}
