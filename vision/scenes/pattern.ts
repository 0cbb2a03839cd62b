import type { RandomStream } from '../random/random-stream.ts'
import { valueNoise } from './lattice-noise.ts'
import { fraction } from './portable-math.ts'

/** Strength in [0, 1] at a point. */
export type Pattern = (x: number, y: number) => number

export type PatternName = 'Stripes' | 'Dots' | 'Checks' | 'Ripples' | 'Clouds'
const names: readonly PatternName[] = ['Stripes', 'Dots', 'Checks', 'Ripples', 'Clouds']

export const choosePattern = (random: RandomStream): PatternName =>
  names[random.int(names.length)] ?? 'Clouds'

export interface PatternOptions {
  /** Repeats per unit length. */
  readonly frequency: number
  readonly seed: number
}

/** The five textures that belong to no class: on walls, on floors and on a fifth of the things. */
export function buildPattern(name: PatternName, { frequency: k, seed }: PatternOptions): Pattern {
  switch (name) {
    case 'Stripes':
      return (x) => (fraction(x * k) < 0.5 ? 1 : 0)
    case 'Dots':
      return (x, y) => {
        const dx = fraction(x * k) - 0.5
        const dy = fraction(y * k) - 0.5
        return dx * dx + dy * dy < 0.0784 ? 1 : 0
      }
    case 'Checks':
      return (x, y) => (Math.floor(x * k) + Math.floor(y * k)) & 1
    case 'Ripples':
      return (x, y) => (fraction(y * k * 1.3 + 0.5 * valueNoise(x * 4, y * 4, seed)) < 0.4 ? 1 : 0)
    case 'Clouds':
      return (x, y) => valueNoise(x * k * 1.5, y * k * 1.5, seed)
  }
}
