import { type Scalar, type Tensor, type Variable, variableGrads } from '@tensorflow/tfjs-core'
import { readScalar } from './tensor-values.ts'

export interface ValueAndGradients {
  readonly value: number
  /** By the names of the parameters; a parameter that the loss does not use is left out. */
  readonly gradients: ReadonlyMap<string, Tensor>
}

/** The scalar loss and its gradients. Dispose the gradients after use. */
export function valueAndGradients(
  loss: () => Tensor,
  parameters: ReadonlyMap<string, Variable>,
): ValueAndGradients {
  const { value, grads } = variableGrads(() => loss() as Scalar, [...parameters.values()])
  const gradients = new Map<string, Tensor>()
  for (const [name, parameter] of parameters) {
    const gradient = grads[parameter.name]
    if (gradient) gradients.set(name, gradient)
  }
  const number = readScalar(value)
  value.dispose()
  return { value: number, gradients }
}
