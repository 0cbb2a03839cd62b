import type { Relaxation, SortingNetwork } from '../method/settings/loss.ts'

/** The loss: similarities of features [G, P, D] to references [G, R, D], both sorts, backward. */
export interface LossCase {
  readonly kind: 'loss'
  /** Cosine: from the features, as in training. Given: the sorts alone, on given similarities. */
  readonly similarities: 'Cosine' | 'Given'
  readonly groups: number
  readonly patches: number
  readonly references: number
  readonly dimension: number
  readonly network: SortingNetwork
  readonly relaxation: Relaxation
  readonly lambda: number
  readonly steepness: number
  /** Ours only: diffsort has none, and its loss is NaN where a weight reaches 0. */
  readonly epsilon: number
}

/** A full training step of a small ViT with AdamW. */
export interface TrainingStepCase {
  readonly kind: 'step'
  readonly batch: number
  readonly grid: number
  readonly patch: number
  readonly dim: number
  readonly depth: number
  readonly heads: number
}

export type BenchmarkCase = LossCase | TrainingStepCase

const lossShape = { kind: 'loss', dimension: 256, network: 'Bitonic', lambda: 0.25 } as const

/** M = 3136 patches: one set of 32 references for all, and as the released program 49 an image. */
const lossSettings: readonly Omit<LossCase, 'similarities'>[] = [
  {
    ...lossShape,
    ...{ groups: 1, patches: 3136, references: 32 },
    ...{ relaxation: 'LogisticPhi', steepness: 100, epsilon: 1e-8 },
  },
  {
    ...lossShape,
    ...{ groups: 64, patches: 49, references: 49 },
    ...{ relaxation: 'Cauchy', steepness: 100, epsilon: 0 },
  },
]

/** Each first as in training, then the sorts alone. */
export const lossCases: readonly LossCase[] = lossSettings.flatMap((settings): LossCase[] => [
  { ...settings, similarities: 'Cosine' },
  { ...settings, similarities: 'Given' },
])

export const trainingStepCases: readonly TrainingStepCase[] = [
  { kind: 'step', batch: 32, grid: 8, patch: 8, dim: 96, depth: 4, heads: 3 },
]

export function formatCaseName(benchmarkCase: BenchmarkCase): string {
  if (benchmarkCase.kind === 'loss') {
    const { groups, patches, references, relaxation, network, steepness, similarities } =
      benchmarkCase
    const part = similarities === 'Cosine' ? 'loss' : 'sorts of the loss alone'
    return `${part} M=${groups * patches} R=${references} ${relaxation} ${network} β=${steepness}`
  }
  const { dim, depth, heads, batch, grid } = benchmarkCase
  return `step ViT ${dim}×${depth}, ${heads} heads, ${grid * grid} patches, batch ${batch}`
}
