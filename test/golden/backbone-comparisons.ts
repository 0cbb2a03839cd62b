import { type Tensor, tidy, type Variable } from '@tensorflow/tfjs-core'
import { dot } from '../../vision/ops/arithmetic.ts'
import { sliceTokens } from '../../vision/ops/tokens.ts'
import { toTensor, readTensorValues, toVariable } from '../../vision/ops/tensor-values.ts'
import { valueAndGradients } from '../../vision/ops/value-and-gradients.ts'
import { attentionWeights } from '../../vision/vit/attention-weights.ts'
import type { BackboneSettings } from '../../vision/vit/backbone-settings.ts'
import { buildParameters } from '../../vision/vit/build-parameters.ts'
import { type BackboneOutput, forward } from '../../vision/vit/forward.ts'
import { type Backbone, applyLayerNorm } from '../../vision/vit/parameters.ts'
import { takePatchTokens } from '../../vision/vit/patch-tokens.ts'
import { toCanonicalWeights } from '../../vision/weights/canonical-weights.ts'
import type { WeightTensor } from '../../vision/weights/weight-values.ts'
import { type GoldenTensor, parseGoldenTensor, readGolden } from './read-golden.ts'

/** One quantity of a golden file with ours, computed by the current backend. */
export interface Comparison {
  readonly name: string
  readonly kind: 'Output' | 'Interpolated' | 'InputGradient' | 'ParameterGradient'
  /** Largest difference as a share of the largest golden value. */
  readonly difference: number
}

type Node = Readonly<Record<string, unknown>>
type TrainedBackbone = Backbone & { readonly parameters: ReadonlyMap<string, Variable> }

const SHARED = { heads: 2, depth: 2, mlpRatio: 4, dropPathRate: 0 } as const

/** Every number of dino_v1_tiny.json: attention, both layers, and another image size. */
export function compareDinoV1(): readonly Comparison[] {
  const file = readGolden('dino_v1_tiny') as Node
  const settings: BackboneSettings = {
    ...SHARED,
    family: 'DinoV1',
    dim: 24,
    patchSizePx: 8,
    feedForward: 'Mlp',
    registers: 0,
    positionGrid: 4,
    positionMode: 'Plain',
  }
  return withBackbone(settings, file['state_dict'], (backbone) => {
    const { tokens, blocks, lastQkv } = encode(backbone, file['input'])
    const other = encode(backbone, file['interpolated_input_48x24']).tokens
    const layers = file['intermediate_layers_n2_normed'] as unknown[]
    const normed = blocks.map((block) => applyLayerNorm(backbone, 'norm', block))
    return [
      compare('attention', 'Output', allAttention(lastQkv, settings), file['last_self_attention']),
      compare('tokens', 'Output', readTensorValues(tokens), layers[1]),
      ...normed.map((block, i) => compare(`block ${i}`, 'Output', readTensorValues(block), layers[i])),
      compare('48×24', 'Interpolated', readTensorValues(other), file['interpolated_last_layer_normed']),
    ]
  })
}

/** Every number of dinov2_reg_tiny.json: outputs, gradients, and an oblong image. */
export function compareDinoV2(): readonly Comparison[] {
  const file = readGolden('dinov2_reg_tiny') as Node
  const settings: BackboneSettings = {
    ...SHARED,
    family: 'DinoV2',
    dim: 32,
    patchSizePx: 14,
    feedForward: 'Mlp',
    registers: 4,
    positionGrid: 4,
    positionMode: 'Antialiased',
  }
  const native = file['native_56x56'] as Node
  const oblong = file['interpolated_42x70'] as Node
  return withBackbone(settings, file['state_dict'], (backbone) => {
    const { tokens, blocks } = encode(backbone, native['input'])
    const { tokens: other } = encode(backbone, oblong['input'])
    const last = (native['block_outputs'] as unknown[])[0]
    return [
      compare('last block', 'Output', readTensorValues(blocks[1] as Tensor), last),
      ...compareTokens(tokens, native, settings, 'Output'),
      ...compareTokens(other, oblong, settings, 'Interpolated'),
      ...compareGradients(backbone, {
        input: native['input'],
        weight: native['grad_weight_on_patch_tokens'],
        select: (all) => takePatchTokens(all, settings),
        inputGradient: native['grad_input'],
        parameterGradients: native['param_grads'],
      }),
    ]
  })
}

/** Every case of dinov3_tiny.json: square, oblong and gated. */
export function compareDinoV3(): readonly (readonly Comparison[])[] {
  const { cases } = readGolden('dinov3_tiny') as { readonly cases: readonly Node[] }
  return cases.map((file) => {
    const isGated = (file['config'] as Node)['use_gated_mlp'] === true
    const settings: BackboneSettings = {
      ...SHARED,
      family: 'DinoV3',
      dim: 16,
      patchSizePx: 4,
      feedForward: isGated ? 'SwiGLU' : 'Mlp',
      mlpRatio: isGated ? 9 : 4,
      registers: 4,
      positionGrid: 1,
      positionMode: 'Plain',
    }
    return withBackbone(settings, file['state_dict'], (backbone) => [
      compare('tokens', 'Output', readTensorValues(encode(backbone, file['input']).tokens), file['tokens']),
      ...compareGradients(backbone, {
        input: file['input'],
        weight: file['grad_weight'],
        select: (all) => all,
        inputGradient: file['grad_input'],
        parameterGradients: file['grad_params'],
      }),
    ])
  })
}

function withBackbone(
  settings: BackboneSettings,
  state: unknown,
  compare: (backbone: TrainedBackbone) => readonly Comparison[],
): readonly Comparison[] {
  const parameters = buildParameters(settings, { weights: normalizeGoldenWeights(state, settings), initSeed: 0 })
  let comparisons: readonly Comparison[] = []
  tidy(() => {
    comparisons = compare({ settings, parameters })
  })
  for (const variable of parameters.values()) variable.dispose()
  return comparisons
}

function encode(backbone: Backbone, input: unknown): BackboneOutput {
  const { shape, data } = parseGoldenTensor(input)
  return forward(backbone, toTensor(data, shape), { returnIntermediates: true })
}

function allAttention(lastQkv: Tensor | undefined, settings: BackboneSettings): Float64Array {
  if (lastQkv === undefined) throw new Error('the forward pass recorded no q, k and v')
  const [batch = 0, tokens = 0] = lastQkv.shape
  const { dim: width, heads } = settings
  return attentionWeights({ values: readTensorValues(lastQkv), batch, tokens, width, heads }, tokens)
}

function compareTokens(
  tokens: Tensor,
  golden: Node,
  settings: BackboneSettings,
  kind: Comparison['kind'],
): readonly Comparison[] {
  const registers = sliceTokens(tokens, 1, settings.registers)
  const patches = takePatchTokens(tokens, settings)
  return [
    compare('class token', kind, readTensorValues(sliceTokens(tokens, 0, 1)), golden['out_cls']),
    compare('registers', kind, readTensorValues(registers), golden['out_reg']),
    compare('patches', kind, readTensorValues(patches), golden['out_patch']),
  ]
}

interface GradientCase {
  readonly input: unknown
  /** The loss is the sum over the selected tokens, times this. */
  readonly weight: unknown
  readonly select: (tokens: Tensor) => Tensor
  readonly inputGradient: unknown
  readonly parameterGradients: unknown
}

function compareGradients(
  backbone: TrainedBackbone,
  golden: GradientCase,
): readonly Comparison[] {
  const input = parseGoldenTensor(golden.input)
  const weight = parseGoldenTensor(golden.weight)
  const images = toVariable(input.data, input.shape)
  const { gradients } = valueAndGradients(
    () => dot(golden.select(forward(backbone, images).tokens), toTensor(weight.data, weight.shape)),
    new Map([...backbone.parameters, ['images', images]]),
  )
  images.dispose()
  const expected = normalizeGoldenWeights(golden.parameterGradients, backbone.settings)
  const readGradient = (name: string) => readTensorValues(gradients.get(name) as Tensor)
  return [
    compare('images', 'InputGradient', readGradient('images'), golden.inputGradient),
    ...[...expected].map(([name, { values }]) => ({
      name,
      kind: 'ParameterGradient' as const,
      difference: difference(readGradient(name), values),
    })),
  ]
}

function normalizeGoldenWeights(
  node: unknown,
  settings: BackboneSettings,
): ReadonlyMap<string, WeightTensor> {
  const tensors = Object.entries(node as Node).map(([name, value]): [string, WeightTensor] => {
    const { shape, data } = parseGoldenTensor(value)
    return [name, { shape, values: data }]
  })
  return toCanonicalWeights(new Map(tensors), { settings, file: 'the golden file' })
}

function compare(
  name: string,
  kind: Comparison['kind'],
  readGradient: ArrayLike<number>,
  golden: unknown,
): Comparison {
  const tensor: GoldenTensor = parseGoldenTensor(golden)
  return { name, kind, difference: difference(readGradient, tensor.data) }
}

/** NaN when a value is not a number, so that it is within no tolerance. */
function difference(readGradient: ArrayLike<number>, golden: ArrayLike<number>): number {
  if (readGradient.length !== golden.length) {
    throw new Error(`${readGradient.length} values of ours do not fit ${golden.length} golden ones`)
  }
  let most = 0
  let largest = 0
  for (let i = 0; i < golden.length; i++) {
    const expected = golden[i] ?? Number.NaN
    most = Math.max(most, Math.abs(expected - (readGradient[i] ?? Number.NaN)))
    largest = Math.max(largest, Math.abs(expected))
  }
  return largest === 0 ? most : most / largest
}
