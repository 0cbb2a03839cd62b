import { adamwStep } from '../../vision/ops/adamw-step.ts'
import { add, dot, scale } from '../../vision/ops/arithmetic.ts'
import { tensorOf, variableOf } from '../../vision/ops/tensor-values.ts'
import { valueAndGradients } from '../../vision/ops/value-and-gradients.ts'
import type { BackboneSettings } from '../../vision/vit/backbone-settings.ts'
import { buildParameters } from '../../vision/vit/build-parameters.ts'
import { forward } from '../../vision/vit/forward.ts'
import type { StepWork } from '../works.ts'
import { hashedNumbers } from './hashed-numbers.ts'

/** One training step, forward to AdamW; gives the loss. */
export function trainingStep(work: StepWork): () => number {
  const settings = settingsOf(work)
  const side = work.grid * work.patch
  const images = tensorOf(hashedNumbers(work.batch * 3 * side * side, 1), [
    ...[work.batch, 3, side, side],
  ])
  const shape = [work.batch, 1 + work.grid ** 2, work.dim]
  const target = hashedNumbers(
    shape.reduce((a, b) => a * b),
    2,
  )
  const minusTarget = tensorOf(
    target.map((value) => -value),
    shape,
  ) // [B, N, D]
  const parameters = buildParameters(settings, { initSeed: 1 })
  const moments = [...parameters.values()].map(({ size, shape: of }) => ({
    firstMoment: variableOf(new Float32Array(size), of),
    secondMoment: variableOf(new Float32Array(size), of),
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

function settingsOf({ dim, depth, heads, patch, grid }: StepWork): BackboneSettings {
  return {
    ...{ architecture: 'Tiny', form: 'DinoV2', dim, depth, heads, patchSizePx: patch },
    ...{ mlpRatio: 4, feedForward: 'Mlp', registers: 0, positionGrid: grid },
    ...{ positionMode: 'Plain', dropPathRate: 0 },
  } as BackboneSettings
}
