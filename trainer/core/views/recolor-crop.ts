import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  toGray,
} from '../../../vision/images/adjust-colors.ts'
import { adjustHue } from '../../../vision/images/adjust-hue.ts'
import { gaussianBlur } from '../../../vision/images/gaussian-blur.ts'
import type { RgbImage } from '../../../vision/images/rgb-image.ts'
import type { Adjustment, ColorDraws } from './color-draws.ts'

const adjust: Readonly<Record<Adjustment, (image: RgbImage, amount: number) => RgbImage>> = {
  Brightness: adjustBrightness,
  Contrast: adjustContrast,
  Saturation: adjustSaturation,
  Hue: adjustHue,
}

/** Applies drawn colors to a crop, in 8 bits as Pillow and torchvision do. */
export function recolorCrop(crop: RgbImage, { jitter, gray, blurRadiusPx }: ColorDraws): RgbImage {
  const jittered = jitter.reduce(
    (image, { adjustment, amount }) => adjust[adjustment](image, amount),
    crop,
  )
  const grayed = gray ? toGray(jittered) : jittered
  return blurRadiusPx === undefined ? grayed : gaussianBlur(grayed, blurRadiusPx)
}
