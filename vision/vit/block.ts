import type { Tensor } from '@tensorflow/tfjs-core'
import { type AttentionOptions, attention } from '../ops/attention.ts'
import { linear } from '../ops/linear.ts'
import { residualScale } from '../ops/residual-scale.ts'
import { swiGlu } from '../ops/swi-glu.ts'
import { withoutKeyBias } from './key-bias.ts'
import { applyLayerNorm, applyLinear, type Backbone, findParameterTensor } from './parameters.ts'
import type { BranchScales } from './stochastic-depth.ts'

export interface BlockOptions {
  readonly index: number
  readonly rotary: AttentionOptions['rotary']
  readonly scales: BranchScales | undefined
  readonly keepQkv: boolean
}

// A type, not an interface, so that tidy takes it for a container of tensors.
export type BlockOutput = {
  readonly x: Tensor // [B, N, D]
  readonly qkv: Tensor | undefined // [B, N, 3D]
}

/**
 * x + γ₁·attention(LN₁ x), then + γ₂·feed-forward(LN₂ x); γ is 1 for DINO v1 (docs/method.md §3.1).
 */
export function runBlock(backbone: Backbone, x: Tensor, options: BlockOptions): BlockOutput {
  const { index, rotary, scales, keepQkv } = options
  const { heads } = backbone.settings
  const name = `blocks.${index}`
  const qkv = projectQkv(backbone, name, applyLayerNorm(backbone, `${name}.norm1`, x)) // [B, N, 3D]
  const attended = attention(qkv, { heads, rotary }) // [B, N, D]
  const branch = applyLinear(backbone, `${name}.attn.proj`, { x: attended }) // [B, N, D]
  const gamma1 = layerScale(backbone, `${name}.ls1.gamma`)
  const between = residualScale(x, branch, { gamma: gamma1, sampleScale: scales?.attention })
  const normalized = applyLayerNorm(backbone, `${name}.norm2`, between) // [B, N, D]
  const fed = feedForward(backbone, name, normalized) // [B, N, D]
  const gamma2 = layerScale(backbone, `${name}.ls2.gamma`)
  const output = residualScale(between, fed, { gamma: gamma2, sampleScale: scales?.feedForward })
  return { x: output, qkv: keepQkv ? qkv : undefined }
}

function projectQkv(backbone: Backbone, name: string, x: Tensor): Tensor {
  const weight = findParameterTensor(backbone, `${name}.attn.qkv.weight`) // [3D, D]
  const bias = findParameterTensor(backbone, `${name}.attn.qkv.bias`) // [3D]
  const used = backbone.settings.family === 'DinoV3' ? withoutKeyBias(bias) : bias
  return linear(x, { weight, bias: used })
}

function feedForward(backbone: Backbone, name: string, x: Tensor): Tensor {
  if (backbone.settings.feedForward === 'Mlp') {
    const hidden = applyLinear(backbone, `${name}.mlp.fc1`, { x, activation: 'Gelu' }) // [B, N, H]
    return applyLinear(backbone, `${name}.mlp.fc2`, { x: hidden })
  }
  const gate = applyLinear(backbone, `${name}.mlp.w1`, { x }) // [B, N, H]
  const value = applyLinear(backbone, `${name}.mlp.w2`, { x }) // [B, N, H]
  return applyLinear(backbone, `${name}.mlp.w3`, { x: swiGlu(gate, value) })
}

function layerScale({ settings, parameters }: Backbone, name: string): Tensor | undefined {
  return settings.family === 'DinoV1' ? undefined : parameters.get(name)
}
