import { adamwStep } from '../../vision/ops/adamw-step.ts'
import { add, dot, scale } from '../../vision/ops/arithmetic.ts'
import { toTensor, toVariable } from '../../vision/ops/tensor-values.ts'
import { valueAndGradients } from '../../vision/ops/value-and-gradients.ts'
import type { BackboneSettings } from '../../vision/vit/backbone-settings.ts'
import { buildParameters } from '../../vision/vit/build-parameters.ts'
import { forward } from '../../vision/vit/forward.ts'
import type { TrainingStepCase } from '../benchmark-cases.ts'
import { generateHashedNumbers } from './hashed-numbers.ts'

/** One training step, forward to AdamW; returns the loss. */
export function createTrainingStep(benchmarkCase: TrainingStepCase): () => number {
  const settings = toBackboneSettings(benchmarkCase)
  const side = benchmarkCase.grid * benchmarkCase.patch
  const images = toTensor(generateHashedNumbers(benchmarkCase.batch * 3 * side * side, 1), [
    ...[benchmarkCase.batch, 3, side, side],
  ])
  const shape = [benchmarkCase.batch, 1 + benchmarkCase.grid ** 2, benchmarkCase.dim]
  const target = generateHashedNumbers(
    shape.reduce((a, b) => a * b),
    2,
  )
  const minusTarget = toTensor(
    target.map((value) => -value),
    shape,
  ) // [B, N, D]
  const parameters = buildParameters(settings, { initSeed: 1 })
  const moments = [...parameters.values()].map(({ size, shape: momentShape }) => ({
    firstMoment: toVariable(new Float32Array(size), momentShape),
    secondMoment: toVariable(new Float32Array(size), momentShape),
  }))
  let step = 0
  return () => {
    step++
    const { value, gradients } = valueAndGradients(() => {
      const difference = add(forward({ settings, parameters }, images).tokens, minusTarget)
      return scale(dot(difference, difference), 1 / target.length) // mean squared error
    }, parameters)
    const updates = [...parameters].flatMap(([name, parameter], index) => {
      const gradient = gradients.get(name)
      const moment = moments[index]
      if (!gradient || !moment) return []
      return [{ parameter, gradient, ...moment, learningRate: 1e-3, weightDecay: 0.04 }]
    })
    adamwStep(updates, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step })
    for (const gradient of gradients.values()) gradient.dispose()
    return value
  }
}

function toBackboneSettings({
  dim,
  depth,
  heads,
  patch,
  grid,
}: TrainingStepCase): BackboneSettings {
  return {
    ...{ architecture: 'Tiny', family: 'DinoV2', dim, depth, heads, patchSizePx: patch },
    ...{ mlpRatio: 4, feedForward: 'Mlp', registers: 0, positionGrid: grid },
    ...{ positionMode: 'Plain', dropPathRate: 0 },
  } as BackboneSettings
}
