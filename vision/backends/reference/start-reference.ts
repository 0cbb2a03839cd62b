import { version_core } from '@tensorflow/tfjs-core'
import type { BackendImplementation } from '../backend-parts.ts'
import { type TensorAllocator, TensorStore } from '../tensor-store.ts'
import { countElements, type ReferenceArray } from './reference-array.ts'
import { referenceKernels } from './reference-kernels.ts'

const float64Allocator: TensorAllocator<ReferenceArray> = {
  put: (values, shape) => ({
    shape,
    values: Float64Array.from({ length: countElements(shape) }, (_, i) => values[i] ?? 0),
  }),
  view: ({ values }) => values,
  free: () => {},
  bytesHeld: ({ values }) => values.byteLength,
}

/** The float64 backend of plain loops: for tests and golden files, not for training. */
export function startReference(): BackendImplementation<ReferenceArray> {
  return {
    store: new TensorStore(float64Allocator),
    kernels: referenceKernels,
    identity: `reference; float64; tfjs-core ${version_core}`,
    selectionReason: 'reference: plain float64 loops, as asked',
    wasmBytes: () => 0,
    close: () => Promise.resolve(),
  }
}
