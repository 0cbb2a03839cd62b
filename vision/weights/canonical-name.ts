import type { BackboneSettings } from '../vit/backbone-settings.ts'
import { registersName } from '../vit/parameter-shapes.ts'

/** One of `of` equal slices along the first axis of a tensor, counted from 0. */
export interface Slice {
  readonly index: number
  readonly of: number
}

/** A slice of a tensor of a file, and the slice of our parameter `name` that it fills. */
export interface Destination {
  readonly name: string
  readonly from: Slice
  readonly to: Slice
}

const WHOLE_TENSOR: Slice = { index: 0, of: 1 }

type Rule = readonly [pattern: RegExp, replacement: string]

/**
 * Names on the left are those of Hugging Face's ViT, DINOv2 and DINOv3 and of chunked DINOv2 files.
 */
const RENAMED: readonly Rule[] = [
  [/^embeddings\.cls_token$/, 'cls_token'],
  [/^embeddings\.mask_token$/, 'mask_token'],
  [/^embeddings\.position_embeddings$/, 'pos_embed'],
  [/^embeddings\.register_tokens$/, 'register_tokens'],
  [/^embeddings\.patch_embeddings\.(?:projection\.)?/, 'patch_embed.proj.'],
  [/^(?:model\.)?(?:encoder\.)?layer\.(\d+)\./, 'blocks.$1.'],
  [/^blocks\.\d+\.(\d+)\./, 'blocks.$1.'],
  [/\.attention\.attention\.query\./, '.attn.q.'],
  [/\.attention\.attention\.key\./, '.attn.k.'],
  [/\.attention\.attention\.value\./, '.attn.v.'],
  [/\.attention\.([qkv])_proj\./, '.attn.$1.'],
  [/\.attention\.(?:output\.dense|o_proj)\./, '.attn.proj.'],
  [/\.layer_scale([12])\.lambda1$/, '.ls$1.gamma'],
  [/\.layernorm_before\./, '.norm1.'],
  [/\.layernorm_after\./, '.norm2.'],
  [/\.intermediate\.dense\./, '.mlp.fc1.'],
  [/^(blocks\.\d+)\.output\.dense\./, '$1.mlp.fc2.'],
  [/\.mlp\.weights_in\./, '.mlp.w12.'],
  [/\.mlp\.weights_out\./, '.mlp.w3.'],
  [/^layernorm\./, 'norm.'],
]

const PLAIN_FEED_FORWARD: readonly Rule[] = [
  [/\.mlp\.up_proj\./, '.mlp.fc1.'],
  [/\.mlp\.down_proj\./, '.mlp.fc2.'],
]
const GATED_FEED_FORWARD: readonly Rule[] = [
  [/\.mlp\.gate_proj\./, '.mlp.w1.'],
  [/\.mlp\.up_proj\./, '.mlp.w2.'],
  [/\.mlp\.down_proj\./, '.mlp.w3.'],
]

/** Tensors that no forward pass of ours reads. */
const UNUSED =
  /^(?:mask_token|rope_embed\.periods|pooler\..*|(?:local_)?cls_norm\..*)$|\.attn\.qkv\.bias_mask$/

/**
 * The places in our parameters that one tensor of a file fills, given its name without prefix: one
 * for most, two for a joint w12, none for what no forward pass reads (docs/method.md §3.3, §3.4).
 */
export function findDestinations(name: string, settings: BackboneSettings): readonly Destination[] {
  const feedForward = settings.feedForward === 'Mlp' ? PLAIN_FEED_FORWARD : GATED_FEED_FORWARD
  const official = [...RENAMED, ...feedForward]
    .reduce((renamed, [pattern, replacement]) => renamed.replace(pattern, replacement), name)
    .replace(/^(?:register|storage)_tokens$/, registersName(settings))
  if (UNUSED.test(official)) return []
  if (official === registersName(settings) && settings.registers === 0) return []
  const third = /^(.*\.attn\.)([qkv])\.(weight|bias)$/.exec(official)
  if (third !== null) {
    const to = { index: 'qkv'.indexOf(String(third[2])), of: 3 }
    return [{ name: `${third[1]}qkv.${third[3]}`, from: WHOLE_TENSOR, to }]
  }
  if (!official.includes('.mlp.w12.'))
    return [{ name: official, from: WHOLE_TENSOR, to: WHOLE_TENSOR }]
  return ['w1', 'w2'].map((half, index) => ({
    name: official.replace('w12', half),
    from: { index, of: 2 },
    to: WHOLE_TENSOR,
  }))
}
