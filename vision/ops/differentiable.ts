import { customGrad, type Tensor, tidy } from '@tensorflow/tfjs-core'

export interface DifferentiableOp {
  readonly inputs: readonly Tensor[]
  /** The value, and the tensors that backward needs: all others are gone by then. */
  forward(): { readonly value: Tensor; readonly save: readonly Tensor[] }
  /** One gradient for each input, in their order. */
  backward(dy: Tensor, saved: readonly Tensor[]): readonly Tensor[]
}

/**
 * Puts one op with its own gradient on the tape. Once the gradient is made, dy and
 * what was saved are given back: the tape visits an op once, and would hold both
 * until the end of the whole pass. So no gradient may be dy itself (see alias), and
 * second derivatives are not to be had.
 */
export function differentiable(op: DifferentiableOp): Tensor {
  const run = customGrad((...args) => {
    const save = args.at(-1) as unknown as (tensors: Tensor[]) => void
    const { value, save: tensors } = op.forward()
    save([...tensors])
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
      const gradients = tidy(() => [...op.backward(dy, saved)])
      for (const tensor of [dy, ...saved]) tensor.dispose()
      return gradients
    }
    return { value, gradFunc }
  })
  return run(...op.inputs)
}
