import { sampleAxes } from './axis-sample.ts'
import { counterHash } from './counter-hash.ts'
import type { SearchMethod } from './search-method.ts'
import { sobol } from './sobol-sequence.ts'

/**
 * The Sobol sequence, one dimension an axis. Its first point is a corner and is left out; a seed
 * other than 0 shifts the digits.
 */
export const SOBOL: SearchMethod = {
  description: 'draws count points that fill the axes evenly',
  drawsFrom: 'Axes',
  needsObjective: false,
  countPoints: ({ count = 0 }) => count,
  propose: (space, number) =>
    sampleAxes(space, (dimension) => {
      const { seed = 0 } = space
      const shift = seed === 0 ? 0 : counterHash(seed, dimension)
      return sobol(number + 1, dimension, shift)
    }),
}
