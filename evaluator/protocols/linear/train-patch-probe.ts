import { type AdamwUpdate, adamwStep } from '../../../vision/ops/adamw-step.ts'
import { crossEntropyRows } from '../../../vision/ops/cross-entropy-rows.ts'
import { toTensor, toVariable } from '../../../vision/ops/tensor-values.ts'
import { valueAndGradients } from '../../../vision/ops/value-and-gradients.ts'
import type { RandomStream } from '../../../vision/random/random-stream.ts'
import {
  drawHead,
  fitFeatureScaler,
  foldFeatureScaler,
  type LinearHead,
  scaleFeatures,
} from '../../core/linear-head.ts'
import type { FeatureRows } from '../../core/nearest-neighbors.ts'
import type { BatchEndCallback } from '../../features/feature-source.ts'
import type { PatchProbeHyperparameters } from './hyperparameters.ts'
import { createProbeVariables, type ProbeVariables } from './probe-variables.ts'

export interface PatchProbeTask {
  readonly hyperparameters: PatchProbeHyperparameters
  readonly features: FeatureRows
  /** Class shares of each patch [rows, classes]. */
  readonly labels: Float32Array
  readonly classes: number
  readonly draws: RandomStream
  readonly onBatchEnd: BatchEndCallback
}

const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }

/**
 * Trains a linear layer on standardized patch features against soft labels: AdamW on the whole set
 * in every step, cosine schedule to 0. Returns the head for plain features.
 */
export async function trainPatchProbe(task: PatchProbeTask): Promise<LinearHead> {
  const { features, labels, classes, draws } = task
  const scaler = fitFeatureScaler(features)
  const { rows, dim, values } = scaleFeatures(features, scaler)
  const x = toTensor(values, [rows, dim]) // [M, D]
  const targets = toTensor(labels, [rows, classes]) // [M, C]
  const probe = createProbeVariables(drawHead(classes, dim, draws))
  try {
    await runGradientDescent(task, probe, () => crossEntropyRows(probe.scores(x), { targets }))
    return foldFeatureScaler(probe.head(), scaler)
  } finally {
    x.dispose()
    targets.dispose()
    probe.dispose()
  }
}

async function runGradientDescent(
  { hyperparameters, onBatchEnd }: PatchProbeTask,
  { parameters }: ProbeVariables,
  loss: Parameters<typeof valueAndGradients>[0],
): Promise<void> {
  const { steps, learningRate: rate, weightDecay } = hyperparameters
  const slots = [...parameters].map(([name, parameter]) => ({
    name,
    parameter,
    weightDecay,
    firstMoment: toVariable(new Float32Array(parameter.size), parameter.shape),
    secondMoment: toVariable(new Float32Array(parameter.size), parameter.shape),
  }))
  for (let step = 0; step < steps; step++) {
    await onBatchEnd()
    const { gradients } = valueAndGradients(loss, parameters)
    const learningRate = (rate * (1 + Math.cos((Math.PI * step) / steps))) / 2
    const updates = slots.map(({ name, ...slot }): AdamwUpdate => {
      const gradient = gradients.get(name)
      if (gradient === undefined) throw new Error(`the probe has no gradient for its ${name}`)
      return { ...slot, gradient, learningRate }
    })
    adamwStep(updates, { ...ADAM, step: step + 1 })
    for (const gradient of gradients.values()) gradient.dispose()
  }
  for (const { firstMoment, secondMoment } of slots) {
    firstMoment.dispose()
    secondMoment.dispose()
  }
}
