import type { KernelTable } from '../../ops/kernel-signatures.ts'
import { countElements, type KernelHost, type WasmArray } from './kernel-host.ts'

type Names =
  | 'NecoSwiGlu'
  | 'NecoSwiGluGradient'
  | 'NecoAffine'
  | 'NecoMultiply'
  | 'NecoDot'
  | 'NecoFill'
  | 'NecoAdamwStep'
  | 'NecoEmaStep'
  | 'Add'

/** The kernels that go over arrays element by element. */
export function elementwiseKernels(host: KernelHost): Pick<KernelTable<WasmArray>, Names> {
  const combine = (kernel: string, arrays: readonly WasmArray[]): readonly WasmArray[] => {
    const shape = (arrays[0] as WasmArray).shape
    const y = host.allocate(shape)
    const pointers = [...arrays, y].map(({ pointer }) => pointer)
    host.runElements(kernel, countElements(shape), pointers)
    return [y]
  }
  return {
    NecoSwiGlu: ({ inputs }) => combine('swiGlu', [inputs.gate, inputs.value]),
    NecoSwiGluGradient: ({ inputs: { dy, gate, value } }) => {
      const dGate = host.allocate(gate.shape)
      const dValue = host.allocate(gate.shape)
      const pointers = [dy, gate, value, dGate, dValue].map(({ pointer }) => pointer)
      host.runElements('swiGluGradient', countElements(gate.shape), pointers)
      return [dGate, dValue]
    },
    NecoAffine: ({ inputs: { x }, attributes: { factor, offset } }) => {
      const y = host.allocate(x.shape)
      host.runElements('affine', countElements(x.shape), [x.pointer, y.pointer, factor, offset])
      return [y]
    },
    NecoMultiply: ({ inputs }) => combine('multiply', [inputs.a, inputs.b]),
    NecoDot: ({ inputs: { a, b } }) => {
      const out = host.allocate([])
      const size = countElements(a.shape)
      host.run('dot', {
        arguments: [a.pointer, b.pointer, out.pointer, size],
        items: 1,
        operations: size,
      })
      return [out]
    },
    NecoFill: ({ attributes: { shape, value } }) => {
      const out = host.allocate(shape)
      host.view(out).fill(value)
      return [out]
    },
    NecoAdamwStep: ({ inputs, attributes }) => {
      const { parameter, gradient, firstMoment, secondMoment } = inputs
      const { learningRate, weightDecay, beta1, beta2, epsilon, step, gradientScale } = attributes
      host.runElements('adamwStep', countElements(parameter.shape), [
        ...[parameter.pointer, gradient.pointer, firstMoment.pointer, secondMoment.pointer],
        ...[1 - learningRate * weightDecay, beta1, beta2, learningRate / (1 - beta1 ** step)],
        ...[1 / Math.sqrt(1 - beta2 ** step), epsilon, gradientScale],
      ])
      return []
    },
    NecoEmaStep: ({ inputs: { teacher, student }, attributes: { momentum } }) => {
      const parameters = [teacher.pointer, student.pointer, momentum]
      host.runElements('emaStep', countElements(teacher.shape), parameters)
      return []
    },
    Add: ({ inputs }) => combine('add', [inputs.a, inputs.b]),
  }
}
