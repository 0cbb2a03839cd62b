import { engine, type NamedAttrMap, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core'
import type { KernelCall, KernelName } from './kernel-signatures.ts'

/** Runs one kernel of the current backend. No gradient: see differentiable. */
export function runKernel<Name extends KernelName>(
  name: Name,
  inputs: KernelCall<Name, Tensor>['inputs'],
  attributes: KernelCall<Name, Tensor>['attributes'],
): readonly Tensor[] {
  // A kernel of ours always answers with a list; tfjs types the call for any kernel.
  const attrs = attributes as unknown as NamedAttrMap
  const outputs: unknown = engine().runKernel(name, inputs as NamedTensorMap, attrs)
  return (Array.isArray(outputs) ? outputs : [outputs]) as readonly Tensor[]
}

/** Runs a kernel whose first output is the one that is wanted; others are disposed. */
export function runSingleOutputKernel<Name extends KernelName>(
  name: Name,
  inputs: KernelCall<Name, Tensor>['inputs'],
  attributes: KernelCall<Name, Tensor>['attributes'],
): Tensor {
  const [first, ...others] = runKernel(name, inputs, attributes)
  for (const other of others) other.dispose()
  if (!first) throw new Error(`${name} gave no output`)
  return first
}

/** Another tensor on the same values, under another shape of the same size. */
export function runReshape(x: Tensor, shape: readonly number[]): Tensor {
  const outputs: unknown = engine().runKernel('Reshape', { x }, { shape: [...shape] })
  return outputs as Tensor
}

/** Another tensor on the same values: what a gradient function must give in place of dy itself. */
export function runIdentity(x: Tensor): Tensor {
  const output: unknown = engine().runKernel('Identity', { x })
  return output as Tensor
}
