import { counterUniform } from '../../../search/counter-hash.ts'

/** Random choices that a seed determines. */
export interface RandomDraws {
  /** In [0, 1). */
  number(): number
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
}

export function createSeededDraws(seed: number): RandomDraws {
  let drawn = 0
  const number = (): number => counterUniform(seed, drawn++)
  return {
    number,
    chance: (probability) => number() < probability,
    pick: (from) => {
      const found = from[Math.floor(number() * from.length)]
      if (found === undefined) throw new RangeError('nothing to pick from')
      return found
    },
  }
}
