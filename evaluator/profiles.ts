import type { EvaluationSettings } from '../method/settings/evaluation.ts'
import { type ColorStatistics, IMAGENET_COLORS } from '../vision/images/normalize-image.ts'
import type { Matching } from './core/matching.ts'

/** Side of the square input in pixels by patch size; others take the greatest multiple below `otherwise`. */
export interface InputSide {
  readonly byPatchPx: Readonly<Record<number, number>>
  readonly otherwise: number
}

export interface ColorJitter {
  /** Brightness, contrast and saturation factors in 1 ± strength, hue shift in ± strength; each applied on its own. */
  readonly strength: number
  readonly probability: number
}

export interface RandomCrop {
  /** Range of area ÷ picture area; above 1 the box is rejected when it does not fit. */
  readonly scale: readonly [number, number]
  readonly aspectRatio: readonly [number, number]
  readonly flipProbability: number
}

export interface InContextHyperparameters {
  readonly inputSide: InputSide
  readonly normalization: ColorStatistics
  /** Memory pictures are jittered and cropped anew this many times. */
  readonly augmentationEpochs: number
  readonly jitter: ColorJitter | undefined
  readonly crop: RandomCrop | undefined
  /** The crop is taken from the normalized floating-point picture with an antialiased resize, as torchvision does with tensors. */
  readonly antialiasedCrop: boolean
  /** Patches kept of a memory picture: a fixed number, or what shares this memory out evenly. */
  readonly memoryBudget: { readonly patchesPerImage: number } | { readonly memorySize: number }
  /** Memory pictures are taken in batches of this size and an incomplete last one is left out; 0 takes all. */
  readonly dropLastBatchSize: number
  readonly neighbors: number
  readonly temperature: number
  readonly matching: Matching
}

/** A linear layer on standardized patch features against soft patch labels, whole set in every step. */
export interface PatchProbeHyperparameters {
  readonly kind: 'StandardizedPatches'
  readonly steps: number
  readonly learningRate: number
  readonly weightDecay: number
}

/** A 1×1 convolution on bilinearly enlarged features against pixel labels, by mini-batches in the order of the set. The last epoch counts; the peer picks the best epoch by its validation mIoU, which no held-out number should know. */
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

export interface AgreementHyperparameters {
  /** Side of a crop after its resize, in patches. */
  readonly cropGrid: number
  /** Range of the side of a crop as a share of the shorter side of the picture. */
  readonly cropShare: readonly [number, number]
  /** The common region is sampled at bins × bins places. */
  readonly bins: number
  readonly references: number
}

export interface EvaluationProfile {
  readonly inContext: InContextHyperparameters
  readonly linear: LinearProbeHyperparameters
  readonly agreement: AgreementHyperparameters
  /** Pixels of the validation masks with this label do not count; in the memory they are class 0, as the peers have it. */
  readonly ignoreLabel: number
}

/** The blue deviation is 0.255 in every release of the peer's in-context evaluation, a slip of 0.225 that all its numbers carry. */
const IN_CONTEXT_PUBLISHED: ColorStatistics = {
  ...IMAGENET_COLORS,
  std: [0.229, 0.224, 0.255],
}

const scenesSide: InputSide = { byPatchPx: {}, otherwise: 96 }

/** docs/method.md §4.2 and §4.3: numbers that can be compared with published ones. */
const official: EvaluationProfile = {
  inContext: {
    inputSide: { byPatchPx: { 14: 504, 16: 512, 8: 512 }, otherwise: 512 },
    normalization: IN_CONTEXT_PUBLISHED,
    augmentationEpochs: 2,
    jitter: { strength: 0.1, probability: 0.5 },
    crop: { scale: [0.5, 2], aspectRatio: [3 / 4, 4 / 3], flipProbability: 0 },
    antialiasedCrop: true,
    memoryBudget: { memorySize: 10_240_000 },
    // The first release dropped it; the second, whose numbers its README lists, does not.
    dropLastBatchSize: 0,
    neighbors: 30,
    temperature: 0.02,
    matching: 'Hungarian',
  },
  linear: {
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
  agreement: { cropGrid: 16, cropShare: [0.6, 1], bins: 7, references: 64 },
  ignoreLabel: 255,
}

/** For pictures of 96 × 96 pixels and small models: nothing is drawn but the patches of the memory. */
const scenes: EvaluationProfile = {
  inContext: {
    inputSide: scenesSide,
    normalization: IMAGENET_COLORS,
    augmentationEpochs: 1,
    jitter: undefined,
    crop: undefined,
    antialiasedCrop: false,
    memoryBudget: { patchesPerImage: 54 },
    dropLastBatchSize: 0,
    neighbors: 30,
    temperature: 0.02,
    matching: 'None',
  },
  linear: {
    inputSide: scenesSide,
    normalization: IMAGENET_COLORS,
    probe: { kind: 'StandardizedPatches', steps: 300, learningRate: 0.02, weightDecay: 1e-4 },
  },
  agreement: { cropGrid: 8, cropShare: [0.6, 1], bins: 6, references: 64 },
  ignoreLabel: 255,
}

/** Every number of the evaluation protocols, by profile. */
export const PROFILES: Readonly<Record<EvaluationSettings['profile'], EvaluationProfile>> = {
  Official: official,
  Scenes: scenes,
}

/** Side of the square input in pixels, a multiple of the patch. */
export function chooseInputSidePx({ byPatchPx, otherwise }: InputSide, patchPx: number): number {
  return byPatchPx[patchPx] ?? Math.max(Math.floor(otherwise / patchPx), 1) * patchPx
}
