import type { Profile } from '../../../method/settings/evaluation.ts'
import { type ColorStatistics, IMAGENET_COLORS } from '../../../vision/images/normalize-image.ts'
import type { RandomCrop } from '../../features/augmented-transforms.ts'
import { type InputSide, SCENES_INPUT_SIDE } from '../../features/input-side.ts'

/**
 * A linear layer on standardized patch features against soft patch labels, whole set in every step.
 */
export interface PatchProbeHyperparameters {
  readonly kind: 'StandardizedPatches'
  readonly steps: number
  readonly learningRate: number
  readonly weightDecay: number
}

/**
 * A 1×1 convolution on bilinearly upsampled features against pixel labels, by mini-batches in the
 * order of the set. The last epoch counts; the reference implementation picks the best epoch by its
 * validation mIoU, which no held-out number should know.
 */
export interface PixelProbeHyperparameters {
  readonly kind: 'EnlargedPixels'
  readonly crop: RandomCrop
  readonly batchSize: number
  readonly epochs: number
  readonly learningRate: number
  readonly momentum: number
  readonly weightDecay: number
  /** The rate is divided by 10 when this many epochs are done. */
  readonly learningRateDropEpoch: number
  /** Side of the map on which the loss is taken. */
  readonly lossSidePx: number
}

export interface LinearProbeHyperparameters {
  readonly inputSide: InputSide
  readonly normalization: ColorStatistics
  readonly probe: PatchProbeHyperparameters | PixelProbeHyperparameters
}

export const LINEAR_HYPERPARAMETERS: Readonly<Record<Profile, LinearProbeHyperparameters>> = {
  // docs/method.md §4.3: comparable with published numbers.
  Official: {
    inputSide: { byPatchPx: {}, otherwise: 448 },
    normalization: IMAGENET_COLORS,
    probe: {
      kind: 'EnlargedPixels',
      crop: { scale: [0.8, 1], aspectRatio: [3 / 4, 4 / 3], flipProbability: 0.5 },
      batchSize: 128,
      epochs: 25,
      learningRate: 0.01,
      momentum: 0.9,
      weightDecay: 1e-4,
      learningRateDropEpoch: 20,
      lossSidePx: 100,
    },
  },
  Scenes: {
    inputSide: SCENES_INPUT_SIDE,
    normalization: IMAGENET_COLORS,
    probe: { kind: 'StandardizedPatches', steps: 300, learningRate: 0.02, weightDecay: 1e-4 },
  },
}
