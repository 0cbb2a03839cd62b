import type { OptimizerSettings } from '../../method/settings/optimizer.ts'
import { randomStream } from '../../vision/random/random-stream.ts'

export interface BatchKey {
  readonly seed: number
  /** Images in the data set. */
  readonly size: number
  readonly batchSize: number
}

export interface Batch {
  readonly epoch: number
  /** Indices into the data set. */
  readonly samples: readonly number[]
}

/**
 * The images of step t: each epoch is a new permutation, and an incomplete last batch is dropped.
 * No state, so a resumed run sees the same batches.
 */
export function batchAt({ seed, size, batchSize }: BatchKey, step: number): Batch {
  const perEpoch = countStepsPerEpoch(size, batchSize)
  const epoch = Math.floor(step / perEpoch)
  const order = randomStream({ seed, purpose: 'sample-order', indices: [epoch] }).permutation(size)
  const first = (step % perEpoch) * batchSize
  return { epoch, samples: [...order.subarray(first, first + batchSize)] }
}

/** Whole batches in an epoch. */
const countStepsPerEpoch = (size: number, batchSize: number): number => Math.floor(size / batchSize)

/** Steps of a training: as given, or those of all its epochs. */
export function computeTotalSteps(
  { steps, epochs, batchSize }: Pick<OptimizerSettings, 'steps' | 'epochs' | 'batchSize'>,
  size: number,
): number {
  return steps ?? epochs * countStepsPerEpoch(size, batchSize)
}
