import type { ModelSettings } from '../../method/settings/model.ts'

/** The part of the model settings that fixes the backbone: its layers, their sizes, its tokens. */
export type BackboneSettings = Omit<ModelSettings, 'head' | 'weights' | 'initSeed'>

/** Tokens before the patches: the class token and the registers. */
export function countPrefixTokens(settings: BackboneSettings): number {
  return 1 + settings.registers
}

/**
 * Width of the hidden layer. Plain: dim·ratio. SwiGLU: two thirds of that, up to the next multiple
 * of 8, so that its three matrices cost what the two of a plain layer do (DINOv2 and DINOv3 alike).
 */
export function hiddenWidth({ dim, mlpRatio, feedForward }: BackboneSettings): number {
  const width = Math.floor(dim * mlpRatio)
  return feedForward === 'Mlp' ? width : Math.ceil(Math.floor((2 / 3) * width) / 8) * 8
}

/** Epsilon of every LayerNorm of the family (docs/method.md §3.1, §3.2, §3.4). */
export function layerNormEpsilon({ family }: BackboneSettings): number {
  return family === 'DinoV3' ? 1e-5 : 1e-6
}

/** Rows and columns of patches of an image; pixels past the last whole patch are unused. */
export function patchGrid(
  { patchSizePx }: Pick<BackboneSettings, 'patchSizePx'>,
  image: { readonly heightPx: number; readonly widthPx: number },
): readonly [rows: number, columns: number] {
  return [Math.floor(image.heightPx / patchSizePx), Math.floor(image.widthPx / patchSizePx)]
}
