import type { Dataset } from '../../vision/datasets/dataset.ts'
import { type ColourStatistics, normaliseImage } from '../../vision/images/normalise-image.ts'
import { resizeImage } from '../../vision/images/resize-image.ts'
import { resizeLabels } from '../../vision/images/resize-labels.ts'
import type { PicturePlanes } from './encode-pictures.ts'

/** What a backbone is given for a picture of a data set, and what it is compared with. */
export interface PreparedPicture {
  readonly planes: PicturePlanes
  /** Class indices [side, side]. */
  readonly mask: Uint8Array
}

/** Gives the picture of an index, ready for the backbone. */
export type PreparePicture = (index: number) => Promise<PreparedPicture>

/** Squashes every picture to side × side, without any draw: validation, and what is compared with it. */
export function plainPictures(
  dataset: Dataset,
  { sidePx, normalisation }: { readonly sidePx: number; readonly normalisation: ColourStatistics },
): PreparePicture {
  return async (index) => {
    const [image, mask] = [await dataset.image(index), await dataset.mask(index)]
    const size = { width: sidePx, height: sidePx }
    const squashed = resizeImage(image, { ...size, filter: 'Bilinear' })
    return {
      planes: normaliseImage(squashed, normalisation),
      mask: resizeLabels(mask, { ...size, rule: 'Pillow' }).labels,
    }
  }
}
