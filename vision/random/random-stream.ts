import { type PhiloxCounter, philox4x32 } from './philox.ts'
import { RANDOM_PURPOSES, type RandomPurpose } from './random-purposes.ts'

/** The random numbers of one (seed, purpose, indices), in order. */
export interface RandomStream {
  /** An integer in [0, 2³²). */
  uint32(): number
  /** A multiple of 2⁻³² in [0, 1). */
  uniform(): number
  /** Uniform in [low, high). */
  uniformBetween(low: number, high: number): number
  /** exp of a uniform number in [ln low, ln high); both are above 0. */
  logUniform(low: number, high: number): number
  /** Standard normal, by Box and Muller; the last digit may differ between JavaScript engines. */
  normal(): number
  /** Uniform integer in [0, n), without bias; 1 ≤ n ≤ 2³². */
  int(n: number): number
  /** The numbers 0 to n − 1 in random order (Fisher and Yates). */
  permutation(n: number): Int32Array
}

export interface RandomStreamKey {
  /** Integer in [0, 2³²). */
  readonly seed: number
  readonly purpose: RandomPurpose
  /** Up to three integers in [0, 2³²), such as epoch, sample and view. */
  readonly indices?: readonly number[]
}

const range = 2 ** 32

function checkUint32(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 0 && value < range) return value
  throw new RangeError(`${name} of a random stream is ${value}; it must be an integer in [0, 2^32)`)
}

/**
 * Starts the stream of a key at its first number. Equal keys give equal numbers in any process and
 * in any order of calls.
 */
export function randomStream({ seed, purpose, indices = [] }: RandomStreamKey): RandomStream {
  if (indices.length > 3) throw new RangeError('a random stream takes at most three indices')
  const key = [checkUint32('the seed', seed), RANDOM_PURPOSES[purpose]] as const
  const [first = 0, second = 0, third = 0] = indices.map((index) => checkUint32('an index', index))
  let drawn = 0
  let block: PhiloxCounter = [0, 0, 0, 0]

  const uint32 = () => {
    if (drawn % 4 === 0) block = philox4x32(key, [drawn / 4, first, second, third])
    return block[(drawn++ % 4) as 0 | 1 | 2 | 3]
  }
  return createDraws(uint32)
}

function createDraws(uint32: () => number): RandomStream {
  const uniform = () => uint32() / range
  const uniformBetween = (low: number, high: number) => low + (high - low) * uniform()
  const int = (n: number) => intBelow(n, uint32)
  return {
    uint32,
    uniform,
    uniformBetween,
    logUniform: (low, high) => Math.exp(uniformBetween(Math.log(low), Math.log(high))),
    normal: () => {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
      return radius * Math.cos(2 * Math.PI * uniform())
    },
    int,
    permutation: (n) => shuffleRange(n, int),
  }
}

/**
 * Draws above the last whole multiple of n are drawn again, which keeps the result without bias.
 */
function intBelow(n: number, uint32: () => number): number {
  if (!Number.isInteger(n) || n < 1 || n > range) {
    throw new RangeError(`int(n) of a random stream needs 1 ≤ n ≤ 2^32, not ${n}`)
  }
  const limit = range - (range % n)
  let drawn = uint32()
  while (drawn >= limit) drawn = uint32()
  return drawn % n
}

function shuffleRange(n: number, int: (n: number) => number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i)
  for (let last = n - 1; last > 0; last--) {
    const other = int(last + 1)
    const moved = order[last] ?? 0
    order[last] = order[other] ?? 0
    order[other] = moved
  }
  return order
}
