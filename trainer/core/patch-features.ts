import { type Tensor, tidy } from '@tensorflow/tfjs-core'
import type { ModelSettings } from '../../method/settings/model.ts'
import { normalizeRows } from '../../vision/ops/normalize-rows.ts'
import { reshape } from '../../vision/ops/reshape.ts'
import { computeForegroundAttention } from '../../vision/vit/foreground-attention.ts'
import { type BackboneOutput, forward } from '../../vision/vit/forward.ts'
import { takePatchTokens } from '../../vision/vit/patch-tokens.ts'
import type { DropPathDraws } from '../../vision/vit/stochastic-depth.ts'
import { projectHead } from './projection-head.ts'

/** A backbone with its projection head. */
export interface TrainedModel {
  readonly settings: ModelSettings
  readonly backbone: ReadonlyMap<string, Tensor>
  readonly head: ReadonlyMap<string, Tensor>
}

/**
 * Unit features of every patch: images [K, 3, H, W] → [K·P, outputDim], image by image and
 * row-major.
 */
export function patchFeatures(
  model: TrainedModel,
  images: Tensor,
  dropPath?: DropPathDraws,
): Tensor {
  return tidy(() => {
    const backbone = { settings: model.settings, parameters: model.backbone }
    return projectPatches(model, forward(backbone, images, dropPath && { dropPath }))
  })
}

/**
 * The same features, and the attention of the class token to each patch [K·P], which marks the
 * foreground.
 */
export function patchFeaturesWithAttention(
  model: TrainedModel,
  images: Tensor,
): { readonly features: Tensor; readonly attention: Float64Array } {
  let attention: Float64Array = new Float64Array(0)
  const features = tidy(() => {
    const backbone = { settings: model.settings, parameters: model.backbone }
    const encoded = forward(backbone, images, { returnIntermediates: true })
    attention = computeForegroundAttention(encoded, model.settings)
    return projectPatches(model, encoded)
  })
  return { features, attention }
}

function projectPatches(model: TrainedModel, { tokens }: BackboneOutput): Tensor {
  const { dim, head } = model.settings
  const patches = takePatchTokens(tokens, model.settings) // [K, P, D]
  const rows = reshape(patches, [patches.size / dim, dim]) // [K·P, D]
  return normalizeRows(projectHead(model.head, head, rows))
}
