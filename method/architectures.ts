import type { Architecture, ModelSettings } from './settings/model.ts'

type BackboneShape = Pick<
  ModelSettings,
  'family' | 'dim' | 'depth' | 'heads' | 'patchSizePx' | 'positionGrid'
>

const small = { dim: 384, depth: 12, heads: 6 } as const
const base = { dim: 768, depth: 12, heads: 12 } as const

/**
 * The shapes people name. `Tiny` is the small model of the examples. Each number can be set apart.
 */
export const ARCHITECTURES: Readonly<Record<Architecture, BackboneShape>> = {
  Tiny: { family: 'DinoV2', dim: 96, depth: 4, heads: 3, patchSizePx: 8, positionGrid: 12 },
  'ViT-S/8': { family: 'DinoV1', ...small, patchSizePx: 8, positionGrid: 28 },
  'ViT-B/8': { family: 'DinoV1', ...base, patchSizePx: 8, positionGrid: 28 },
  'ViT-S/14': { family: 'DinoV2', ...small, patchSizePx: 14, positionGrid: 37 },
  'ViT-B/14': { family: 'DinoV2', ...base, patchSizePx: 14, positionGrid: 37 },
  'ViT-S/16': { family: 'DinoV1', ...small, patchSizePx: 16, positionGrid: 14 },
  'ViT-B/16': { family: 'DinoV1', ...base, patchSizePx: 16, positionGrid: 14 },
}
