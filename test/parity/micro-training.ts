import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { adamwStep } from '../../vision/ops/adamw-step.ts'
import { addPosition } from '../../vision/ops/add-position.ts'
import { dot } from '../../vision/ops/arithmetic.ts'
import { attention } from '../../vision/ops/attention.ts'
import { emaStep } from '../../vision/ops/ema-step.ts'
import { layerNorm } from '../../vision/ops/layer-norm.ts'
import { linear } from '../../vision/ops/linear.ts'
import { patchEmbed } from '../../vision/ops/patch-embed.ts'
import { residualScale } from '../../vision/ops/residual-scale.ts'
import { readTensorValues, toTensor, toVariable } from '../../vision/ops/tensor-values.ts'
import { valueAndGradients } from '../../vision/ops/value-and-gradients.ts'

type Parameters = ReadonlyMap<string, Variable>

const shapes: ReadonlyMap<string, readonly number[]> = new Map([
  ['embed', [12, 3, 4, 4]],
  ['position', [9, 12]],
  ['gamma', [12]],
  ['beta', [12]],
  ['qkv', [36, 12]],
  ['scale', [12]],
  ['hidden', [50, 12]],
  ['output', [12, 50]],
])

/** A one-block transformer that is trained on one fixed batch: for tests of whole steps. */
export function microTraining(): {
  /** One step of gradients, AdamW and EMA; the loss before it. */
  step(): number
  values(): readonly (Float32Array | Float64Array)[]
  dispose(): void
} {
  const student = parameters(0)
  const teacher = parameters(0)
  const [first, second] = [zeros(), zeros()]
  const images = toTensor(waves(2 * 3 * 12 * 13, 7), [2, 3, 12, 13])
  let steps = 0
  return {
    step: () => {
      steps++
      const { value, gradients } = valueAndGradients(
        () => computeMicroLoss(student, images),
        student,
      )
      const updates = [...student].map(([name, parameter]) => ({
        parameter,
        gradient: gradients.get(name) as Tensor,
        firstMoment: first.get(name) as Variable,
        secondMoment: second.get(name) as Variable,
        ...{ learningRate: 1e-3, weightDecay: 0.05 },
      }))
      adamwStep(updates, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: steps })
      emaStep(teacher, student, 0.99)
      for (const gradient of gradients.values()) gradient.dispose()
      return value
    },
    values: () => [...student.values(), ...teacher.values()].map(readTensorValues),
    dispose: () => {
      const variables = [student, teacher, first, second].flatMap((map) => [...map.values()])
      for (const tensor of [...variables, images]) tensor.dispose()
    },
  }
}

function computeMicroLoss(p: Parameters, images: Tensor): Tensor {
  const get = (name: string): Tensor => p.get(name) as Tensor
  const norm = { gamma: get('gamma'), beta: get('beta'), eps: 1e-6 }
  const patches = patchEmbed(images, { weight: get('embed') }) // [2, 9, 12]
  const x = addPosition(patches, get('position'))
  const qkv = linear(layerNorm(x, norm), { weight: get('qkv') }) // [2, 9, 36]
  const between = residualScale(x, attention(qkv, { heads: 3 }), { gamma: get('scale') })
  const hidden = linear(layerNorm(between, norm), { weight: get('hidden'), activation: 'Gelu' })
  const y = residualScale(between, linear(hidden, { weight: get('output') }), {
    sampleScale: [1.25, 0],
  })
  return dot(y, y)
}

function parameters(seed: number): Parameters {
  return new Map(
    [...shapes].map(([name, shape], i) => [
      name,
      toVariable(waves(countElements(shape), seed + i), shape),
    ]),
  )
}

function zeros(): Parameters {
  return new Map(
    [...shapes].map(([name, shape]) => [
      name,
      toVariable(new Float32Array(countElements(shape)), shape),
    ]),
  )
}

function countElements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

/** Pseudo-random numbers in [−½, ½], the same on every machine. */
function waves(count: number, phase: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + phase) / 2)
}
