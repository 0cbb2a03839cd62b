import type { EvaluationSettings } from '../crds/sections/evaluation.ts'
import { type ColourStatistics, IMAGENET_COLOURS } from '../vision/images/normalise-image.ts'
import type { Matching } from './core/matching.ts'

/** Side of the square input in pixels by patch size; others take the greatest multiple below `otherwise`. */
export interface InputSide {
  readonly byPatchPx: Readonly<Record<number, number>>
  readonly otherwise: number
}

export interface ColourJitter {
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

export interface InContextNumbers {
  readonly inputSide: InputSide
  readonly normalisation: ColourStatistics
  /** Memory pictures are jittered and cropped anew this many times. */
  readonly augmentationEpochs: number
  readonly jitter: ColourJitter | undefined
  readonly crop: RandomCrop | undefined
  /** The crop is taken from the normalised floating-point picture with an antialiased resize, as torchvision does with tensors. */
  readonly antialiasedCrop: boolean
  /** Patches kept of a memory picture: a fixed number, or what shares this memory out evenly. */
  readonly kept: { readonly patchesPerImage: number } | { readonly memorySize: number }
  /** Memory pictures are taken in batches of this size and an incomplete last one is left out; 0 takes all. */
  readonly dropIncompleteBatchOf: number
  readonly neighbours: number
  readonly temperature: number
  readonly matching: Matching
}

/** A linear layer on standardised patch features against soft patch labels, whole set in every step. */
export interface PatchProbe {
  readonly kind: 'StandardisedPatches'
  readonly steps: number
  readonly rate: number
  readonly weightDecay: number
}

/** A 1×1 convolution on bilinearly enlarged features against pixel labels, by mini-batches in the order of the set. The last epoch counts; the peer picks the best epoch by its validation mIoU, which no held-out number should know. */
export interface PixelProbe {
  readonly kind: 'EnlargedPixels'
  readonly crop: RandomCrop
  readonly batchSize: number
  readonly epochs: number
  readonly rate: number
  readonly momentum: number
  readonly weightDecay: number
  /** The rate is divided by 10 when this many epochs are done. */
  readonly dropAtEpoch: number
  /** Side of the map on which the loss is taken. */
  readonly lossSidePx: number
}

export interface LinearNumbers {
  readonly inputSide: InputSide
  readonly normalisation: ColourStatistics
  readonly probe: PatchProbe | PixelProbe
}

export interface AgreementNumbers {
  /** Side of a crop after its resize, in patches. */
  readonly cropGrid: number
  /** Range of the side of a crop as a share of the shorter side of the picture. */
  readonly cropShare: readonly [number, number]
  /** The common region is sampled at bins × bins places. */
  readonly bins: number
  readonly references: number
}

export interface ProfileNumbers {
  readonly inContext: InContextNumbers
  readonly linear: LinearNumbers
  readonly agreement: AgreementNumbers
  /** Pixels of the validation masks with this label do not count; in the memory they are class 0, as the peers have it. */
  readonly ignoreLabel: number
}

/** The blue deviation is 0.255 in every release of the peer's in-context evaluation, a slip of 0.225 that all its numbers carry. */
const IN_CONTEXT_PUBLISHED: ColourStatistics = {
  ...IMAGENET_COLOURS,
  standardDeviation: [0.229, 0.224, 0.255],
}

const scenesSide: InputSide = { byPatchPx: {}, otherwise: 96 }

/** neco-method §4.2 and §4.3: numbers that can be compared with published ones. */
const official: ProfileNumbers = {
  inContext: {
    inputSide: { byPatchPx: { 14: 504, 16: 512, 8: 512 }, otherwise: 512 },
    normalisation: IN_CONTEXT_PUBLISHED,
    augmentationEpochs: 2,
    jitter: { strength: 0.1, probability: 0.5 },
    crop: { scale: [0.5, 2], aspectRatio: [3 / 4, 4 / 3], flipProbability: 0 },
    antialiasedCrop: true,
    kept: { memorySize: 10_240_000 },
    // The first release dropped it; the second, whose numbers its README lists, does not.
    dropIncompleteBatchOf: 0,
    neighbours: 30,
    temperature: 0.02,
    matching: 'Hungarian',
  },
  linear: {
    inputSide: { byPatchPx: {}, otherwise: 448 },
    normalisation: IMAGENET_COLOURS,
    probe: {
      kind: 'EnlargedPixels',
      crop: { scale: [0.8, 1], aspectRatio: [3 / 4, 4 / 3], flipProbability: 0.5 },
      batchSize: 128,
      epochs: 25,
      rate: 0.01,
      momentum: 0.9,
      weightDecay: 1e-4,
      dropAtEpoch: 20,
      lossSidePx: 100,
    },
  },
  agreement: { cropGrid: 16, cropShare: [0.6, 1], bins: 7, references: 64 },
  ignoreLabel: 255,
}

/** For pictures of 96 × 96 pixels and small models: nothing is drawn but the patches of the memory. */
const scenes: ProfileNumbers = {
  inContext: {
    inputSide: scenesSide,
    normalisation: IMAGENET_COLOURS,
    augmentationEpochs: 1,
    jitter: undefined,
    crop: undefined,
    antialiasedCrop: false,
    kept: { patchesPerImage: 54 },
    dropIncompleteBatchOf: 0,
    neighbours: 30,
    temperature: 0.02,
    matching: 'None',
  },
  linear: {
    inputSide: scenesSide,
    normalisation: IMAGENET_COLOURS,
    probe: { kind: 'StandardisedPatches', steps: 300, rate: 0.02, weightDecay: 1e-4 },
  },
  agreement: { cropGrid: 8, cropShare: [0.6, 1], bins: 6, references: 64 },
  ignoreLabel: 255,
}

/** Every number of the evaluation protocols, by profile. */
export const PROFILES: Readonly<Record<EvaluationSettings['profile'], ProfileNumbers>> = {
  Official: official,
  Scenes: scenes,
}

/** Side of the square input in pixels, a multiple of the patch. */
export function inputSidePx({ byPatchPx, otherwise }: InputSide, patchPx: number): number {
  return byPatchPx[patchPx] ?? Math.max(Math.floor(otherwise / patchPx), 1) * patchPx
}
