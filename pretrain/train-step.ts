import type { Variable } from '@tensorflow/tfjs-core'
import { adamwStep } from '../vision/ops/adamw-step.ts'
import { crossEntropyRows } from '../vision/ops/cross-entropy-rows.ts'
import { gradientNorm } from '../vision/ops/gradient-norm.ts'
import { toVariable } from '../vision/ops/tensor-values.ts'
import { valueAndGradients } from '../vision/ops/value-and-gradients.ts'
import { buildClassifier, type Classifier, computeClassScores } from './classifier.ts'
import { learningRateAt, type PretrainSettings } from './pretrain-settings.ts'
import type { Batch } from './training-batch.ts'

/** All that a pre-training changes. */
export interface PretrainState {
  readonly classifier: Classifier
  /** Running means of gradients and of their squares, by parameter. */
  readonly firstMoments: Classifier
  readonly secondMoments: Classifier
  /** Steps that are done. */
  step: number
}

const ADAMW = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }

export function startState(settings: PretrainSettings): PretrainState {
  const classifier = buildClassifier(settings)
  return {
    classifier,
    firstMoments: zerosLike(classifier),
    secondMoments: zerosLike(classifier),
    step: 0,
  }
}

export function disposeState({ classifier, firstMoments, secondMoments }: PretrainState): void {
  for (const group of [classifier, firstMoments, secondMoments]) {
    for (const variable of group.values()) variable.dispose()
  }
}

/** One AdamW step on a batch, gradients clipped by their joint norm. Returns the loss. */
export function trainStep(state: PretrainState, settings: PretrainSettings, batch: Batch): number {
  const { classifier } = state
  const target = { labels: batch.labels, smoothing: settings.labelSmoothing }
  const { value, gradients } = valueAndGradients(
    () => crossEntropyRows(computeClassScores(classifier, settings, batch), target),
    classifier,
  )
  const norm = gradientNorm(gradients.values())
  const learningRate = learningRateAt(state.step, settings)
  const updates = [...gradients].map(([name, gradient]) => {
    const parameter = classifier.get(name) as Variable
    return {
      parameter,
      gradient,
      firstMoment: state.firstMoments.get(name) as Variable,
      secondMoment: state.secondMoments.get(name) as Variable,
      learningRate,
      weightDecay: parameter.shape.length > 1 ? settings.weightDecay : 0,
    }
  })
  const gradientScale = Math.min(1, settings.gradientClip / (norm + 1e-6))
  adamwStep(updates, { ...ADAMW, step: state.step + 1, gradientScale })
  for (const gradient of gradients.values()) gradient.dispose()
  state.step += 1
  return value
}

function zerosLike(classifier: Classifier): Classifier {
  return new Map(
    [...classifier].map(([name, { shape, size }]) => [
      name,
      toVariable(new Float32Array(size), shape),
    ]),
  )
}
