import { sampleAxes } from './axis-sample.ts'
import { counterUniform } from './counter-hash.ts'
import type { SearchMethod } from './search-method.ts'

/** Independent uniform draws, of a hash of seed, number and axis. */
export const RANDOM: SearchMethod = {
  description: 'draws count points at random',
  drawsFrom: 'Axes',
  needsObjective: false,
  countPoints: ({ count = 0 }) => count,
  propose: (space, number) =>
    sampleAxes(space, (dimension) => counterUniform(space.seed ?? 0, number, dimension)),
}
