import type { KernelCall } from '../../ops/kernel-signatures.ts'
import { at, type ReferenceArray } from './reference-array.ts'

/** AdamW as torch writes it: decay first, then the bias-corrected step. */
export function adamwStep({
  inputs,
  attributes,
}: KernelCall<'NecoAdamwStep', ReferenceArray>): ReferenceArray[] {
  const { beta1, beta2, learningRate, weightDecay, epsilon, step, gradientScale } = attributes
  const parameter = inputs.parameter.values
  const first = inputs.firstMoment.values
  const second = inputs.secondMoment.values
  const rate = learningRate / (1 - beta1 ** step)
  const rootCorrection = Math.sqrt(1 - beta2 ** step)
  inputs.gradient.values.forEach((raw, i) => {
    const gradient = raw * gradientScale
    const m = at(first, i) + (1 - beta1) * (gradient - at(first, i))
    const v = beta2 * at(second, i) + (1 - beta2) * gradient * gradient
    first[i] = m
    second[i] = v
    const decayed = at(parameter, i) * (1 - learningRate * weightDecay)
    parameter[i] = decayed - (rate * m) / (Math.sqrt(v) / rootCorrection + epsilon)
  })
  return []
}

export function emaStep({
  inputs: { teacher, student },
  attributes: { momentum },
}: KernelCall<'NecoEmaStep', ReferenceArray>): ReferenceArray[] {
  student.values.forEach((value, i) => {
    teacher.values[i] = momentum * at(teacher.values, i) + (1 - momentum) * value
  })
  return []
}
