import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  toGrey,
} from '../../../vision/images/adjust-colours.ts'
import { adjustHue } from '../../../vision/images/adjust-hue.ts'
import { gaussianBlur } from '../../../vision/images/gaussian-blur.ts'
import type { RgbImage } from '../../../vision/images/rgb-image.ts'
import type { Adjustment, ColourDraws } from './colour-draws.ts'

const adjust: Readonly<Record<Adjustment, (image: RgbImage, amount: number) => RgbImage>> = {
  Brightness: adjustBrightness,
  Contrast: adjustContrast,
  Saturation: adjustSaturation,
  Hue: adjustHue,
}

/** Applies drawn colours to a crop, in 8 bits as Pillow and torchvision do. */
export function recolourCrop(
  crop: RgbImage,
  { jitter, grey, blurRadiusPx }: ColourDraws,
): RgbImage {
  const jittered = jitter.reduce(
    (image, { adjustment, amount }) => adjust[adjustment](image, amount),
    crop,
  )
  const greyed = grey ? toGrey(jittered) : jittered
  return blurRadiusPx === undefined ? greyed : gaussianBlur(greyed, blurRadiusPx)
}
