import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { decodeImage } from './decode-image.ts'

const [width, height] = [8, 4]
const color = { r: 160, g: 48, b: 32 }
const createImage = (background: object = color, channels: 3 | 4 = 3) =>
  sharp({ create: { width, height, channels, background } })
const gray = () =>
  sharp(Buffer.alloc(width * height, 77), { raw: { width, height, channels: 1 } }).toColorspace(
    'b-w',
  )

const files: Record<string, () => Promise<Buffer>> = {
  'a palette PNG': () => createImage().png({ palette: true }).toBuffer(),
  'a PNG of 16 bits': () => createImage().toColorspace('rgb16').png().toBuffer(),
  'a PNG with transparency': () =>
    createImage({ ...color, alpha: 0.5 }, 4)
      .png()
      .toBuffer(),
}

describe('an image file becomes 8-bit RGB', () => {
  test.each(Object.entries(files))('from %s', async (_, make) => {
    const { rgb } = await decodeImage(await make())
    expect(rgb).toHaveLength(3 * width * height)
    expect([...rgb.subarray(0, 3)]).toEqual([160, 48, 32])
  })

  test('from a gray JPEG, with three equal channels', async () => {
    const { rgb } = await decodeImage(await gray().jpeg().toBuffer())
    expect(rgb).toEqual(new Uint8Array(3 * width * height).fill(77))
  })

  test('as stored, without turning it by its EXIF orientation, as Pillow and torchvision do', async () => {
    const turned = await createImage().withMetadata({ orientation: 6 }).jpeg().toBuffer()
    const decoded = await decodeImage(turned)
    expect([decoded.width, decoded.height]).toEqual([width, height])
  })

  test('unless it is no image', async () => {
    await expect(decodeImage(Buffer.from('no image'))).rejects.toThrow('unsupported image format')
  })
})
