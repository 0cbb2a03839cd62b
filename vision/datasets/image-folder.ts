import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { decodeImage } from '../images/decode-image.ts'
import type { RgbImage } from '../images/rgb-image.ts'
import type { Dataset, SkippedFile } from './dataset.ts'
import { DatasetError } from './dataset-error.ts'
import { computeManifestDigest, type DigestCache, digestFiles } from './file-digests.ts'

/** Names of the files of a folder and of those below it, sorted; hidden ones are left out. */
async function listFileNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(
    (error: unknown) => {
      throw new DatasetError(
        'DataFolderMissing',
        `${folder}: no such folder; give the folder that holds the images as path`,
        { cause: error },
      )
    },
  )
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length)
        .replace(/^[\\/]+/, ''),
    )
    .sort()
}

/** Reading the head of a file tells whether it is an image, without decoding it. */
async function findImageProblem(path: string): Promise<string | undefined> {
  try {
    const { width } = await sharp(path).metadata()
    return width > 0 ? undefined : 'an image without pixels'
  } catch (error) {
    return (error as Error).message
  }
}

const unreadable = (path: string, error: unknown): DatasetError =>
  new DatasetError(
    'DataImageUnreadable',
    `${path}: cannot be decoded (${(error as Error).message}); replace or remove the file`,
    { cause: error },
  )

/** Width and height of an image file, from its head. */
export async function readImageSize(path: string): Promise<{ width: number; height: number }> {
  try {
    const { width, height } = await sharp(path).metadata()
    return { width: width, height: height }
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** Decodes an image file; a damaged one is an error with its name. */
export async function readImageFile(path: string): Promise<RgbImage> {
  try {
    return await decodeImage(await readFile(path))
  } catch (error) {
    throw unreadable(path, error)
  }
}

export interface FolderOptions {
  readonly folder: string
  readonly limit?: number | undefined
  readonly digests?: DigestCache | undefined
}

async function splitImages(folder: string, limit: number) {
  const images: string[] = []
  const skipped: SkippedFile[] = []
  for (const file of await listFileNames(folder)) {
    if (images.length === limit) break
    const why = await findImageProblem(join(folder, file))
    if (why === undefined) images.push(file)
    else skipped.push({ file: join(folder, file), why })
  }
  return { images, skipped }
}

/** Every image below a folder, in the order of names. Files that are no images are listed in `skipped`. */
export async function imageFolderDataset(options: FolderOptions): Promise<Dataset> {
  const { folder, limit = Number.POSITIVE_INFINITY, digests } = options
  const { images, skipped } = await splitImages(folder, limit)
  if (images.length === 0) {
    const found = skipped.length === 0 ? 'is empty' : `holds no image among ${skipped.length} files`
    throw new DatasetError('DataEmpty', `${folder} ${found}; give a folder of JPEG or PNG images`)
  }
  const paths = images.map((name) => join(folder, name))
  const contents = await digestFiles(paths, digests)
  return {
    size: images.length,
    classes: [],
    skipped,
    manifestDigest: computeManifestDigest(images.map((name, i) => [name, contents[i] ?? ''])),
    image: (index) => readImageFile(paths[index] ?? ''),
    mask: async () => {
      throw new DatasetError('DataWithoutMasks', `${folder}: an image folder has no masks`)
    },
  }
}
