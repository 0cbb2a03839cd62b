import type { BackboneSettings } from '../vision/vit/backbone-settings.ts'

/** The small model of the examples: a DINOv2 family without registers (0.48 million parameters). */
export const TINY_BACKBONE: BackboneSettings = {
  family: 'DinoV2',
  dim: 96,
  depth: 4,
  heads: 3,
  patchSizePx: 8,
  mlpRatio: 4,
  feedForward: 'Mlp',
  registers: 0,
  positionGrid: 12,
  positionMode: 'Plain',
  dropPathRate: 0,
}

/** All that determines the numbers of a pre-training. */
export interface PretrainSettings {
  readonly backbone: BackboneSettings
  readonly seed: number
  readonly steps: number
  readonly batchSize: number
  readonly classes: number
  readonly windowPx: number
  /** Windows seen in training, and held out: consecutive seeds of `drawWindow` from firstWindow. */
  readonly firstWindow: number
  readonly windows: number
  readonly heldOutWindows: number
  readonly learningRate: number
  readonly warmUpSteps: number
  /** Learning rate at the end as a share of the highest. */
  readonly finalShare: number
  readonly weightDecay: number
  readonly labelSmoothing: number
  readonly gradientClip: number
  readonly flipProbability: number
  readonly cropArea: readonly [number, number]
  readonly jitterProbability: number
  readonly jitterStrength: number
  readonly grayscaleProbability: number
}

export const PRETRAIN_SETTINGS: PretrainSettings = {
  backbone: TINY_BACKBONE,
  seed: 0,
  steps: 1780,
  batchSize: 128,
  classes: 7,
  windowPx: 48,
  firstWindow: 500_000,
  windows: 16_000,
  heldOutWindows: 1_000,
  learningRate: 1e-3,
  warmUpSteps: 100,
  finalShare: 0.01,
  weightDecay: 0.05,
  labelSmoothing: 0.1,
  gradientClip: 3,
  flipProbability: 0.5,
  cropArea: [0.6, 1],
  jitterProbability: 0.8,
  jitterStrength: 0.5,
  grayscaleProbability: 0.1,
}

/** Rate of a step (from 0): linear warm-up times a cosine down to the final share. */
export function learningRateAt(step: number, settings: PretrainSettings): number {
  const { learningRate, warmUpSteps, finalShare, steps } = settings
  const warmth = Math.min(1, (step + 1) / warmUpSteps)
  const cosine = 0.5 * (1 + Math.cos((Math.PI * step) / steps))
  return learningRate * warmth * (cosine * (1 - finalShare) + finalShare)
}
