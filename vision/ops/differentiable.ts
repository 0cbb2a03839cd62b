import { customGrad, type Tensor } from '@tensorflow/tfjs-core'

export interface DifferentiableOp {
  readonly inputs: readonly Tensor[]
  /** The value, and the tensors that backward needs: all others are gone by then. */
  forward(): { readonly value: Tensor; readonly save: readonly Tensor[] }
  /** One gradient for each input, in their order. */
  backward(dy: Tensor, saved: readonly Tensor[]): readonly Tensor[]
}

/** Puts one op with its own gradient on the tape. */
export function differentiable(op: DifferentiableOp): Tensor {
  const run = customGrad((...args) => {
    const save = args.at(-1) as unknown as (tensors: Tensor[]) => void
    const { value, save: tensors } = op.forward()
    save([...tensors])
    return { value, gradFunc: (dy: Tensor, saved: Tensor[]) => [...op.backward(dy, saved)] }
  })
  return run(...op.inputs)
}
