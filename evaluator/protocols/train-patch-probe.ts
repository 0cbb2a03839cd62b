import { type AdamwUpdate, adamwStep } from '../../vision/ops/adamw-step.ts'
import { crossEntropyRows } from '../../vision/ops/cross-entropy-rows.ts'
import { tensorOf, variableOf } from '../../vision/ops/tensor-values.ts'
import { valueAndGradients } from '../../vision/ops/value-and-gradients.ts'
import type { RandomStream } from '../../vision/random/random-stream.ts'
import {
  drawHead,
  foldStandard,
  type LinearHead,
  standardised,
  standardOf,
} from '../core/linear-head.ts'
import type { FeatureRows } from '../core/nearest-neighbours.ts'
import type { BetweenBatches } from '../features/feature-source.ts'
import type { PatchProbe } from '../profiles.ts'
import { type ProbeVariables, probeVariables } from './probe-variables.ts'

export interface PatchProbeTask {
  readonly numbers: PatchProbe
  readonly features: FeatureRows
  /** Class shares of each patch [rows, classes]. */
  readonly labels: Float32Array
  readonly classes: number
  readonly draws: RandomStream
  readonly between: BetweenBatches
}

const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }

/**
 * Trains a linear layer on standardised patch features against soft labels: AdamW on the whole set
 * in every step, cosine schedule to 0. Returns the head for plain features.
 */
export async function trainPatchProbe(task: PatchProbeTask): Promise<LinearHead> {
  const { features, labels, classes, draws } = task
  const standard = standardOf(features)
  const { rows, dim, values } = standardised(features, standard)
  const x = tensorOf(values, [rows, dim]) // [M, D]
  const targets = tensorOf(labels, [rows, classes]) // [M, C]
  const probe = probeVariables(drawHead(classes, dim, draws))
  try {
    await descend(task, probe, () => crossEntropyRows(probe.scores(x), { targets }))
    return foldStandard(probe.head(), standard)
  } finally {
    x.dispose()
    targets.dispose()
    probe.dispose()
  }
}

async function descend(
  { numbers, between }: PatchProbeTask,
  { parameters }: ProbeVariables,
  loss: Parameters<typeof valueAndGradients>[0],
): Promise<void> {
  const { steps, rate, weightDecay } = numbers
  const slots = [...parameters].map(([name, parameter]) => ({
    name,
    parameter,
    weightDecay,
    firstMoment: variableOf(new Float32Array(parameter.size), parameter.shape),
    secondMoment: variableOf(new Float32Array(parameter.size), parameter.shape),
  }))
  for (let step = 0; step < steps; step++) {
    await between()
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
