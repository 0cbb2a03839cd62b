import type { Dataset } from '../../vision/datasets/dataset.ts'
import { type ColorStatistics, normalizeImage } from '../../vision/images/normalize-image.ts'
import { resizeImage } from '../../vision/images/resize-image.ts'
import { resizeLabels } from '../../vision/images/resize-labels.ts'
import type { ImagePlanes } from './encode-images.ts'

/** What a backbone is given for a picture of a data set, and what it is compared with. */
export interface PreparedSample {
  readonly planes: ImagePlanes
  /** Class indices [side, side]. */
  readonly mask: Uint8Array
}

/** Gives the picture of an index, ready for the backbone. */
export type SampleTransform = (index: number) => Promise<PreparedSample>

/** Squashes every picture to side × side, without any draw: validation, and what is compared with it. */
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
