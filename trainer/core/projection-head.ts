import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import type { ModelSettings } from '../../method/settings/model.ts'
import { linear } from '../../vision/ops/linear.ts'
import { toVariable } from '../../vision/ops/tensor-values.ts'
import { randomStream } from '../../vision/random/random-stream.ts'

export type HeadSettings = ModelSettings['head']
export type HeadParameters = ReadonlyMap<string, Variable>

/** The deviation of the released program. */
const DEVIATION = 0.02

/**
 * Names of the parameters with their shapes, [out, in] for weights; GELUs take the odd places, as
 * in the released program.
 */
function headShapes(
  { hiddenDim, outputDim, layers }: HeadSettings,
  inputDim: number,
): ReadonlyMap<string, readonly number[]> {
  const widths = [inputDim, ...Array<number>(layers - 1).fill(hiddenDim), outputDim]
  const shapes = new Map<string, readonly number[]>()
  for (let layer = 0; layer < layers; layer++) {
    const [inputs = 0, outputs = 0] = widths.slice(layer, layer + 2)
    shapes.set(`${layerName(layer)}.weight`, [outputs, inputs])
    shapes.set(`${layerName(layer)}.bias`, [outputs])
  }
  return shapes
}

const layerName = (layer: number): string => `projection_head.${2 * layer}`

export interface HeadOrigin {
  readonly inputDim: number
  readonly initSeed: number
  /** Heads of different owners start from different numbers. */
  readonly owner: 'Student' | 'Teacher'
}

/** A new head: weights normal, biases 0 (docs/method.md §1.4). The caller disposes it. */
export function buildHead(settings: HeadSettings, origin: HeadOrigin): HeadParameters {
  const { inputDim, initSeed: seed, owner } = origin
  const entries = [...headShapes(settings, inputDim)].map(([name, shape], index) => {
    const indices = [owner === 'Student' ? 0 : 1, index]
    const stream = randomStream({ seed, purpose: 'head-weights', indices })
    const [outputs = 1, inputs] = shape
    const values = new Float32Array(outputs * (inputs ?? 1))
    if (inputs === undefined) return [name, toVariable(values, shape)] as const
    const deviation =
      settings.initialization === 'TruncatedNormal' ? DEVIATION : 1 / Math.sqrt(inputs)
    return [
      name,
      toVariable(
        values.map(() => deviation * stream.normal()),
        shape,
      ),
    ] as const
  })
  return new Map(entries)
}

/** x [M, width] → [M, outputDim]: linear layers with exact GELU between them. */
export function projectHead(
  parameters: ReadonlyMap<string, Tensor>,
  { layers }: Pick<HeadSettings, 'layers'>,
  x: Tensor,
): Tensor {
  let output = x
  for (let layer = 0; layer < layers; layer++) {
    const weight = parameters.get(`${layerName(layer)}.weight`)
    const bias = parameters.get(`${layerName(layer)}.bias`)
    if (!weight || !bias) throw new Error(`the head has no layer ${layerName(layer)}`)
    output = linear(output, {
      weight,
      bias,
      activation: layer < layers - 1 ? 'Gelu' : undefined,
    })
  }
  return output
}
