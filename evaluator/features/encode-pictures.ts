import { tidy } from '@tensorflow/tfjs-core'
import { tensorOf, valuesOf } from '../../vision/ops/tensor-values.ts'
import { forward } from '../../vision/vit/forward.ts'
import type { Backbone } from '../../vision/vit/parameters.ts'
import { patchTokens } from '../../vision/vit/patch-tokens.ts'
import type { FeatureRows } from '../core/nearest-neighbours.ts'

/** A normalised picture, its planes of red, green and blue one after the other: [3, side, side]. */
export type PicturePlanes = Float32Array

/**
 * Patch features after the last LayerNorm of square pictures of one size: [pictures · patches, D],
 * picture by picture, patches row-major. Nothing is kept on the backend.
 */
export function encodePictures(
  backbone: Backbone,
  pictures: readonly PicturePlanes[],
  sidePx: number,
): FeatureRows {
  const planes = new Float32Array(pictures.length * 3 * sidePx * sidePx)
  pictures.forEach((picture, index) => {
    planes.set(picture, index * picture.length)
  })
  const patches = tidy(() => {
    const images = tensorOf(planes, [pictures.length, 3, sidePx, sidePx]) // [B, 3, H, W]
    return patchTokens(forward(backbone, images).tokens, backbone.settings) // [B, P, D]
  })
  const values = valuesOf(patches)
  patches.dispose()
  const { dim } = backbone.settings
  return { rows: values.length / dim, dim, values }
}
