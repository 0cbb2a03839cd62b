import type { Tensor } from '@tensorflow/tfjs-core'
import { linear } from '../../vision/ops/linear.ts'
import { tensorOf, valuesOf } from '../../vision/ops/tensor-values.ts'
import type { DotProducts, FeatureRows } from '../core/nearest-neighbours.ts'

/** Dot products on the backend; the keys that were used last stay there until `dispose`. */
export interface BackendDotProducts {
  readonly dotProducts: DotProducts
  dispose(): void
}

/** Queries · keysᵀ on the current backend, for searches that come back to the same keys. */
export function backendDotProducts(): BackendDotProducts {
  let held: { readonly values: FeatureRows['values']; readonly tensor: Tensor } | undefined
  const tensorOfKeys = ({ rows, dim, values }: FeatureRows): Tensor => {
    if (held !== undefined && isSameView(held.values, values)) return held.tensor
    held?.tensor.dispose()
    held = { values, tensor: tensorOf(values, [rows, dim]) } // [R, D]
    return held.tensor
  }
  return {
    dotProducts(queries, keys) {
      const weight = tensorOfKeys(keys) // [R, D]
      const x = tensorOf(queries.values, [queries.rows, queries.dim]) // [Q, D]
      const products = linear(x, { weight }) // [Q, R]
      const values = valuesOf(products)
      x.dispose()
      products.dispose()
      return values
    },
    dispose() {
      held?.tensor.dispose()
      held = undefined
    },
  }
}

const isSameView = (a: FeatureRows['values'], b: FeatureRows['values']): boolean =>
  a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.length === b.length
