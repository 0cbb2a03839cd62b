import type { RandomStream } from '../../random/random-stream.ts'
import type { Shape } from '../shapes.ts'

/** Colors of a thing: its body, a second and a third color, something pale and something dark. */
export type Ink = 'body' | 'second' | 'third' | 'pale' | 'dark'

/** One painted part, in the frame of the thing: [−1, 1]² with v down. */
export interface Part {
  readonly inside: Shape
  readonly ink: Ink
  /** Factor on the color; 1 when left out. */
  readonly shade?: (u: number, v: number) => number
}

/** The parts of one instance; later parts are painted over earlier ones. */
export type Thing = (random: RandomStream, noiseSeed: number) => readonly Part[]
