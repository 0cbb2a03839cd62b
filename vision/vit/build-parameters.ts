import type { Variable } from '@tensorflow/tfjs-core'
import { readTensorValues, toVariable } from '../ops/tensor-values.ts'
import { randomStream } from '../random/random-stream.ts'
import type { WeightTensor } from '../weights/weight-values.ts'
import type { BackboneSettings } from './backbone-settings.ts'
import { initialValues } from './initial-values.ts'
import { parameterShapes } from './parameter-shapes.ts'
import type { Parameters } from './parameters.ts'

export interface ParameterOptions {
  /** Values under the names of `parameterShapes`, as `readModelWeights` gives them. */
  readonly weights?: ReadonlyMap<string, WeightTensor> | undefined
  /** Draws what the weights do not hold. */
  readonly initSeed: number
}

/**
 * The variables of a backbone in the order of `parameterShapes`, with the given weights where there
 * are any and initial values elsewhere. The caller disposes them.
 */
export function buildParameters(
  settings: BackboneSettings,
  { weights, initSeed }: ParameterOptions,
): ReadonlyMap<string, Variable> {
  const shapes = [...parameterShapes(settings)]
  return new Map(
    shapes.map(([name, shape], index) => {
      const stream = { seed: initSeed, purpose: 'backbone-weights', indices: [index] } as const
      const values = weights?.get(name)?.values ?? initialValues(name, shape, randomStream(stream))
      return [name, toVariable(values, shape)]
    }),
  )
}

/** Copies of the values of parameters, as `encodeSafetensors` and `buildParameters` take them. */
export function parameterValues(parameters: Parameters): ReadonlyMap<string, WeightTensor> {
  return new Map(
    [...parameters].map(([name, tensor]) => [
      name,
      { shape: tensor.shape, values: readTensorValues(tensor) },
    ]),
  )
}
