import sharp from 'sharp'
import type { RgbImage } from './rgb-image.ts'

/**
 * Decodes a JPEG, PNG or any file libvips reads to 8-bit RGB, transparency over black dropped.
 * Throws what libvips says.
 */
export async function decodeImage(bytes: Uint8Array): Promise<RgbImage> {
  const { data, info } = await sharp(bytes)
    .removeAlpha()
    .toColorspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  if (info.channels !== 3) throw new Error(`decoded to ${info.channels} channels, not 3`)
  return { width: info.width, height: info.height, rgb: new Uint8Array(data) }
}
