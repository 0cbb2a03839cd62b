import type { Dataset } from '../../vision/datasets/dataset.ts'
import { type ColorStatistics, normalizeImage } from '../../vision/images/normalize-image.ts'
import { resizeImage } from '../../vision/images/resize-image.ts'
import { resizeLabels } from '../../vision/images/resize-labels.ts'
import type { ImagePlanes } from './encode-images.ts'

/** Input of the backbone for an image of a data set, and its mask. */
export interface PreparedSample {
  readonly planes: ImagePlanes
  /** Class indices [side, side]. */
  readonly mask: Uint8Array
}

/** Gives the image of an index, ready for the backbone. */
export type SampleTransform = (index: number) => Promise<PreparedSample>

/**
 * Resizes every image to side × side without augmentation: for validation, and unaugmented memory.
 */
export function createEvaluationTransform(
  dataset: Dataset,
  { sidePx, normalization }: { readonly sidePx: number; readonly normalization: ColorStatistics },
): SampleTransform {
  return async (index) => {
    const [image, mask] = [await dataset.image(index), await dataset.mask(index)]
    const size = { width: sidePx, height: sidePx }
    const resized = resizeImage(image, { ...size, filter: 'Bilinear' })
    return {
      planes: normalizeImage(resized, normalization),
      mask: resizeLabels(mask, { ...size, rule: 'Pillow' }).labels,
    }
  }
}
