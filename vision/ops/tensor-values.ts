import { engine, type Tensor, type Variable, variable } from '@tensorflow/tfjs-core'

type TypedValues = Float32Array | Float64Array

/** A tensor of these values; the reference backend keeps them in float64. */
export function toTensor(values: ArrayLike<number>, shape: readonly number[]): Tensor {
  const size = shape.reduce((product, extent) => product * extent, 1)
  if (size !== values.length) {
    throw new Error(`a tensor of shape [${shape}] holds ${size} values, not ${values.length}`)
  }
  const current = engine()
  // The backend takes any array of numbers; tfjs types it for its own arrays.
  const dataId = current.backend.write(values as Float32Array, [...shape], 'float32')
  return current.makeTensorFromDataId(dataId, [...shape], 'float32')
}

/** The values of a tensor: a copy, safe after the tensor is disposed. */
export function readTensorValues(tensor: Tensor): TypedValues {
  const view: unknown = engine().readSync(tensor.dataId)
  // A copy also of arrays on shared memory, which must not leave the backend.
  return view instanceof Float64Array ? view.slice() : Float32Array.from(view as Float32Array)
}

/** The one value of a scalar tensor. */
export function readScalar(tensor: Tensor): number {
  const view: unknown = engine().readSync(tensor.dataId)
  return (view as TypedValues)[0] as number
}

/** A variable that starts with these values, under a name of tfjs's own. */
export function toVariable(values: ArrayLike<number>, shape: readonly number[]): Variable {
  const initial = toTensor(values, shape)
  const result = variable(initial)
  initial.dispose()
  return result
}

/** Overwrites the values of a variable in place. */
export function assignValues(target: Variable, values: ArrayLike<number>): void {
  if (values.length !== target.size) {
    throw new Error(`a variable of ${target.size} values cannot take ${values.length}`)
  }
  const view: unknown = engine().readSync(target.dataId)
  ;(view as TypedValues).set(values)
}
