import type { Tensor } from '@tensorflow/tfjs-core'
import { linear } from '../../vision/ops/linear.ts'
import { readTensorValues, toTensor } from '../../vision/ops/tensor-values.ts'
import type { DotProducts, FeatureRows } from '../core/nearest-neighbors.ts'

/** Dot products on the backend; the keys that were used last stay there until `dispose`. */
export interface BackendDotProducts {
  readonly dotProducts: DotProducts
  dispose(): void
}

/** Queries · keysᵀ on the current backend, for searches that come back to the same keys. */
export function createBackendDotProducts(): BackendDotProducts {
  let cachedKeys: { readonly values: FeatureRows['values']; readonly tensor: Tensor } | undefined
  const toKeyTensor = ({ rows, dim, values }: FeatureRows): Tensor => {
    if (cachedKeys !== undefined && isSameView(cachedKeys.values, values)) return cachedKeys.tensor
    cachedKeys?.tensor.dispose()
    cachedKeys = { values, tensor: toTensor(values, [rows, dim]) } // [R, D]
    return cachedKeys.tensor
  }
  return {
    dotProducts(queries, keys) {
      const weight = toKeyTensor(keys) // [R, D]
      const x = toTensor(queries.values, [queries.rows, queries.dim]) // [Q, D]
      const products = linear(x, { weight }) // [Q, R]
      const values = readTensorValues(products)
      x.dispose()
      products.dispose()
      return values
    },
    dispose() {
      cachedKeys?.tensor.dispose()
      cachedKeys = undefined
    },
  }
}

const isSameView = (a: FeatureRows['values'], b: FeatureRows['values']): boolean =>
  a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.length === b.length
