/**
 * Primitive polynomials and initial numbers of Joe and Kuo (new-joe-kuo-6), dimensions 2 to 12:
 * [degree, coefficients, m₁ … m_s].
 */
const POLYNOMIALS: readonly (readonly [
  degree: number,
  coefficients: number,
  m: readonly number[],
])[] = [
  [1, 0, [1]],
  [2, 1, [1, 3]],
  [3, 1, [1, 3, 1]],
  [3, 2, [1, 1, 1]],
  [4, 1, [1, 1, 3, 3]],
  [4, 4, [1, 3, 5, 13]],
  [5, 2, [1, 1, 5, 5, 17]],
  [5, 4, [1, 1, 5, 5, 5]],
  [5, 7, [1, 1, 7, 11, 19]],
  [5, 11, [1, 1, 5, 1, 1]],
  [5, 13, [1, 1, 1, 3, 11]],
]
const BITS = 32
const RANGE = 2 ** BITS

export const SOBOL_DIMENSIONS = POLYNOMIALS.length + 1

/** Direction numbers of a dimension, the first bit at the top of 32. */
function buildDirections(dimension: number): Uint32Array {
  const v = new Uint32Array(BITS)
  const [degree, coefficients, m] = POLYNOMIALS[dimension - 1] ?? [0, 0, []]
  for (let bit = 0; bit < BITS; bit++) {
    if (degree === 0) v[bit] = 2 ** (BITS - 1 - bit)
    else if (bit < degree) v[bit] = (m[bit] ?? 1) * 2 ** (BITS - 1 - bit)
    else v[bit] = nextDirection(v, bit, { degree, coefficients })
  }
  return v
}

function nextDirection(
  v: Uint32Array,
  bit: number,
  { degree, coefficients }: { degree: number; coefficients: number },
): number {
  const oldest = v[bit - degree] ?? 0
  let direction = oldest ^ (oldest >>> degree)
  for (let k = 1; k < degree; k++) {
    if (((coefficients >> (degree - 1 - k)) & 1) === 1) direction ^= v[bit - k] ?? 0
  }
  return direction >>> 0
}

const DIRECTIONS = Array.from({ length: SOBOL_DIMENSIONS }, (_, dimension) =>
  buildDirections(dimension),
)

/**
 * Coordinate of point `index` (from 0) in a dimension (from 0) of the Sobol sequence, in [0, 1);
 * `shift` is a 32-bit digital shift.
 */
export function sobol(index: number, dimension: number, shift = 0): number {
  const v = DIRECTIONS[dimension]
  if (v === undefined) throw new RangeError(`Sobol has ${SOBOL_DIMENSIONS} dimensions`)
  let bits = shift
  const gray = index ^ (index >>> 1)
  for (let bit = 0; gray >>> bit !== 0; bit++) {
    if (((gray >>> bit) & 1) === 1) bits ^= v[bit] ?? 0
  }
  return (bits >>> 0) / RANGE
}
