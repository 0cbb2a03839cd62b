import {
  type KernelFunc,
  registerBackend,
  registerKernel,
  removeBackend,
  type TensorInfo,
  unregisterKernel,
} from '@tensorflow/tfjs-core'
import type { KernelTable } from '../ops/kernel-signatures.ts'
import type { TensorStore } from './tensor-store.ts'

interface Shaped {
  readonly shape: readonly number[]
}

type AnyKernel<Value> = (call: { inputs: object; attributes: object }) => readonly Value[]

/** Makes a backend known to tfjs-core under a name; undone by unregisterKernels. */
export function registerKernels<Value extends Shaped>(
  name: string,
  store: TensorStore<Value>,
  table: KernelTable<Value>,
): void {
  registerBackend(name, () => store)
  for (const [kernelName, kernel] of Object.entries(table)) {
    const all = adaptKernel(store, kernel as AnyKernel<Value>)
    // The tape calls Add itself, and wants one tensor where our kernels answer with a list.
    const kernelFunc: KernelFunc =
      kernelName === 'Add' ? (call) => unwrapSingleOutput(all(call)) : all
    registerKernel({ kernelName, backendName: name, kernelFunc })
  }
  for (const kernelName of ['Identity', 'Reshape', 'Cast']) {
    registerKernel({ kernelName, backendName: name, kernelFunc: alias(store) })
  }
}

export function unregisterKernels(name: string, kernels: readonly string[]): void {
  for (const kernelName of [...kernels, 'Identity', 'Reshape', 'Cast']) {
    unregisterKernel(kernelName, name)
  }
  removeBackend(name)
}

function adaptKernel<Value extends Shaped>(
  store: TensorStore<Value>,
  kernel: AnyKernel<Value>,
): KernelFunc {
  return ({ inputs, attrs }) => {
    const values: Record<string, Value> = {}
    for (const [key, tensor] of Object.entries(inputs)) {
      if (tensor) values[key] = withShape(store.findValue(tensor.dataId), tensor.shape)
    }
    return kernel({ inputs: values, attributes: attrs ?? {} }).map((value) => ({
      dataId: store.adopt(value),
      shape: [...value.shape],
      dtype: 'float32' as const,
    }))
  }
}

function unwrapSingleOutput(outputs: TensorInfo | TensorInfo[]): TensorInfo {
  const [first] = Array.isArray(outputs) ? outputs : [outputs]
  if (!first) throw new Error('a kernel gave no output')
  return first
}

/** A reshaped tensor shares the array of another, so the shape comes from the tensor. */
function withShape<Value extends Shaped>(value: Value, shape: readonly number[]): Value {
  return { ...value, shape }
}

/** Another tensor on the same array, perhaps under another shape. */
function alias<Value>(store: TensorStore<Value>): KernelFunc {
  return ({ inputs, attrs }): TensorInfo => {
    const x = inputs['x'] ?? inputs['tensor']
    if (!x) throw new Error('an alias needs the tensor x')
    store.incRef(x.dataId)
    const shape = (attrs as { shape?: number[] } | undefined)?.shape ?? x.shape
    return { dataId: x.dataId, shape, dtype: 'float32' }
  }
}
