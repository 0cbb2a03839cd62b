import type { Tensor } from '@tensorflow/tfjs-core'
import { layerNorm } from '../ops/layer-norm.ts'
import { type LinearOptions, linear } from '../ops/linear.ts'
import { type BackboneSettings, layerNormEpsilon } from './backbone-settings.ts'

/** Values by the names of `parameterShapes`; variables when they are trained. */
export type Parameters = ReadonlyMap<string, Tensor>

/** A backbone: what it is and what it has learned. */
export interface Backbone {
  readonly settings: BackboneSettings
  readonly parameters: Parameters
}

/** The parameter of this name. Throws when the model has none. */
export function findParameterTensor(
  { parameters }: Pick<Backbone, 'parameters'>,
  name: string,
): Tensor {
  const value = parameters.get(name)
  if (value === undefined) throw new Error(`the model has no parameter ${name}`)
  return value
}

/** x [..., I] → [..., O] by the weight and bias of that name. */
export function applyLinear(
  backbone: Backbone,
  name: string,
  { x, ...options }: { readonly x: Tensor; readonly activation?: LinearOptions['activation'] },
): Tensor {
  const weight = findParameterTensor(backbone, `${name}.weight`) // [O, I]
  const bias = findParameterTensor(backbone, `${name}.bias`) // [O]
  return linear(x, { weight, bias, ...options })
}

/** LayerNorm of x [..., D] by the weight and bias of that name. */
export function applyLayerNorm(backbone: Backbone, name: string, x: Tensor): Tensor {
  return layerNorm(x, {
    gamma: findParameterTensor(backbone, `${name}.weight`),
    beta: findParameterTensor(backbone, `${name}.bias`),
    eps: layerNormEpsilon(backbone.settings),
  })
}
