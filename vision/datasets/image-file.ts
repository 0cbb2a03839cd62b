import sharp from 'sharp'
import type { FileLocation } from '../../std/files/file-source.ts'
import { decodeImage } from '../images/decode-image.ts'
import type { RgbImage } from '../images/rgb-image.ts'
import { DatasetError } from './dataset-error.ts'

/** The beginning of a file, in which nearly every format has its size. */
const HEAD_BYTES = 64 * 1024

export interface ImageSize {
  readonly width: number
  readonly height: number
}

const unreadable = ({ files, path }: FileLocation, error: unknown): DatasetError =>
  new DatasetError(
    'DataImageUnreadable',
    `${files.describe(path)}: cannot be decoded (${(error as Error).message}); replace or remove the file`,
    { cause: error },
  )

/** Size of an image from its header, without decoding it. Throws what libvips reports. */
async function readHeader({ files, path }: FileLocation): Promise<ImageSize> {
  const head = await files.readRange(path, { beginByte: 0, endByte: HEAD_BYTES })
  const isWhole = head.length < HEAD_BYTES
  const { width, height } = await sharp(head)
    .metadata()
    .catch(async (error: unknown) => {
      if (isWhole) throw error
      return sharp(await files.read(path)).metadata()
    })
  return { width, height }
}

/** Why a file is no image; undefined where it is one. */
export async function findImageProblem(location: FileLocation): Promise<string | undefined> {
  try {
    const { width } = await readHeader(location)
    return width > 0 ? undefined : 'an image without pixels'
  } catch (error) {
    return (error as Error).message
  }
}

/** Width and height of an image file, from its header. Throws DataImageUnreadable. */
export async function readImageSize(location: FileLocation): Promise<ImageSize> {
  try {
    return await readHeader(location)
  } catch (error) {
    throw unreadable(location, error)
  }
}

/** Decodes an image file. Throws DataImageUnreadable with its name where it is damaged. */
export async function readImageFile(location: FileLocation): Promise<RgbImage> {
  try {
    return await decodeImage(await location.files.read(location.path))
  } catch (error) {
    throw unreadable(location, error)
  }
}
