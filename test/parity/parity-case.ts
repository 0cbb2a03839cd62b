import type { Tensor } from '@tensorflow/tfjs-core'

export interface ParityCase {
  readonly name: string
  readonly shapes: readonly (readonly number[])[]
  readonly run: (x: Tensor, y: Tensor, z: Tensor) => Tensor
  readonly roundings: number
}

/**
 * How far float32 may be from float64, in units of 2⁻²⁴ · the largest element:
 * copies are exact, a chain of a few operations makes a few roundings, and a sum
 * of k terms some √k of them, where k is at most 400 here.
 */
export const exact = 0
export const few = 8
export const many = 24
