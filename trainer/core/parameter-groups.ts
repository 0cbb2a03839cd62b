import type { ScheduledValues } from './schedules.ts'

/** The two parts of a trained model, each with a learning rate of its own. */
export type ModelPart = 'backbone' | 'head'

export interface ParameterGroup {
  readonly learningRate: number
  readonly weightDecay: number
}

/**
 * Whether weights of this name and shape shrink: all but biases and one-dimensional ones
 * (docs/method.md §1.7).
 */
function hasWeightDecay(name: string, shape: readonly number[]): boolean {
  return !name.endsWith('.bias') && shape.length > 1
}

/** Rate and weight decay of one parameter at one step: the four groups of the released program. */
export function chooseParameterGroup(
  part: ModelPart,
  parameter: { readonly name: string; readonly shape: readonly number[] },
  values: ScheduledValues,
): ParameterGroup {
  return {
    learningRate: part === 'backbone' ? values.backboneLearningRate : values.headLearningRate,
    weightDecay: hasWeightDecay(parameter.name, parameter.shape) ? values.weightDecay : 0,
  }
}

/**
 * Names of the backbone that are trained: all, or with `trainableBlocks` n only the last n blocks,
 * and then neither embeddings nor the last LayerNorm.
 */
export function listTrainableNames(
  names: Iterable<string>,
  {
    depth,
    trainableBlocks,
  }: { readonly depth: number; readonly trainableBlocks?: number | undefined },
): readonly string[] {
  if (trainableBlocks === undefined) return [...names]
  const first = depth - trainableBlocks
  return [...names].filter((name) => {
    const block = /^blocks\.(\d+)\./.exec(name)?.[1]
    return block !== undefined && Number(block) >= first
  })
}
