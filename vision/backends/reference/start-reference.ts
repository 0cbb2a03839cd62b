import { version_core } from '@tensorflow/tfjs-core'
import type { BackendParts } from '../backend-parts.ts'
import { type Storage, TensorStore } from '../tensor-store.ts'
import { type ReferenceArray, sizeOf } from './reference-array.ts'
import { referenceKernels } from './reference-kernels.ts'

const float64Storage: Storage<ReferenceArray> = {
  put: (values, shape) => ({
    shape,
    values: Float64Array.from({ length: sizeOf(shape) }, (_, i) => values[i] ?? 0),
  }),
  view: ({ values }) => values,
  free: () => {},
  bytesHeld: ({ values }) => values.byteLength,
}

/** The float64 backend of plain loops: for tests and golden files, not for training. */
export function startReference(): BackendParts<ReferenceArray> {
  return {
    store: new TensorStore(float64Storage),
    kernels: referenceKernels,
    identity: `reference; float64; tfjs-core ${version_core}`,
    why: 'reference: plain float64 loops, as asked',
    wasmBytes: () => 0,
    close: () => Promise.resolve(),
  }
}
