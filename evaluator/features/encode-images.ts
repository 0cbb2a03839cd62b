import { tidy } from '@tensorflow/tfjs-core'
import { readTensorValues, toTensor } from '../../vision/ops/tensor-values.ts'
import { forward } from '../../vision/vit/forward.ts'
import type { Backbone } from '../../vision/vit/parameters.ts'
import { takePatchTokens } from '../../vision/vit/patch-tokens.ts'
import type { FeatureRows } from '../core/nearest-neighbors.ts'

/** A normalized image, its planes of red, green and blue one after the other: [3, side, side]. */
export type ImagePlanes = Float32Array

/**
 * Patch features after the last LayerNorm of square images of one size: [images · patches, D],
 * image by image, patches row-major. Nothing is kept on the backend.
 */
export function encodeImages(
  backbone: Backbone,
  imagePlanes: readonly ImagePlanes[],
  sidePx: number,
): FeatureRows {
  const planes = new Float32Array(imagePlanes.length * 3 * sidePx * sidePx)
  imagePlanes.forEach((image, index) => {
    planes.set(image, index * image.length)
  })
  const patches = tidy(() => {
    const images = toTensor(planes, [imagePlanes.length, 3, sidePx, sidePx]) // [B, 3, H, W]
    return takePatchTokens(forward(backbone, images).tokens, backbone.settings) // [B, P, D]
  })
  const values = readTensorValues(patches)
  patches.dispose()
  const { dim } = backbone.settings
  return { rows: values.length / dim, dim, values }
}
