import { type BackboneSettings, hiddenWidth } from './backbone-settings.ts'

export type ParameterShapes = ReadonlyMap<string, readonly number[]>

/**
 * Every parameter of a backbone with its shape, in the order the model uses them. Names are those
 * of the official programs, weights are [out, in] as there; SwiGLU keeps w1 and w2 apart in all
 * forms (DINOv2's own w12 is the two on top of each other). mask_token is left out: nothing reads
 * it.
 */
export function parameterShapes(settings: BackboneSettings): ParameterShapes {
  const { family, dim, depth, patchSizePx } = settings
  const shapes = new Map<string, readonly number[]>([['cls_token', [1, 1, dim]]])
  if (family !== 'DinoV3') shapes.set('pos_embed', [1, 1 + settings.positionGrid ** 2, dim])
  if (settings.registers > 0) shapes.set(registersName(settings), [1, settings.registers, dim])
  shapes.set('patch_embed.proj.weight', [dim, 3, patchSizePx, patchSizePx])
  shapes.set('patch_embed.proj.bias', [dim])
  const block = [...blockShapes(settings)]
  for (let index = 0; index < depth; index++) {
    for (const [name, shape] of block) shapes.set(`blocks.${index}.${name}`, shape)
  }
  return shapes.set('norm.weight', [dim]).set('norm.bias', [dim])
}

/** DINOv3 calls its registers storage tokens. */
export function registersName({ family }: Pick<BackboneSettings, 'family'>): string {
  return family === 'DinoV3' ? 'storage_tokens' : 'register_tokens'
}

function* blockShapes(settings: BackboneSettings): Generator<[string, readonly number[]]> {
  const { family, dim } = settings
  const hasLayerScale = family !== 'DinoV1'
  yield* norm('norm1', dim)
  yield* linear('attn.qkv', dim, 3 * dim)
  yield* linear('attn.proj', dim, dim)
  if (hasLayerScale) yield ['ls1.gamma', [dim]]
  yield* norm('norm2', dim)
  yield* feedForwardShapes(settings)
  if (hasLayerScale) yield ['ls2.gamma', [dim]]
}

function* feedForwardShapes(settings: BackboneSettings): Generator<[string, readonly number[]]> {
  const { dim, feedForward } = settings
  const hidden = hiddenWidth(settings)
  const [inputs, output] = feedForward === 'Mlp' ? [['fc1'], 'fc2'] : [['w1', 'w2'], 'w3']
  for (const name of inputs) yield* linear(`mlp.${name}`, dim, hidden)
  yield* linear(`mlp.${output}`, hidden, dim)
}

function* norm(name: string, width: number): Generator<[string, readonly number[]]> {
  yield [`${name}.weight`, [width]]
  yield [`${name}.bias`, [width]]
}

function* linear(
  name: string,
  inputs: number,
  outputs: number,
): Generator<[string, readonly number[]]> {
  yield [`${name}.weight`, [outputs, inputs]]
  yield [`${name}.bias`, [outputs]]
}
