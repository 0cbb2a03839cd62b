import { basename } from 'node:path'
import { type FileLocation, joinPath } from '../../std/files/file-source.ts'
import type { Dataset, SkippedFile } from './dataset.ts'
import { DatasetError } from './dataset-error.ts'
import { computeManifestDigest, type DigestCache, digestFiles } from './file-digests.ts'
import { findImageProblem, readImageFile } from './image-file.ts'

export interface FolderOptions {
  readonly folder: FileLocation
  readonly limit?: number | undefined
  readonly digests?: DigestCache | undefined
}

/** Names of the files of a folder and of those below it, sorted; hidden ones are left out. */
async function listFileNames({ files, path }: FileLocation): Promise<readonly string[]> {
  const names = await files.listRecursively(path)
  if (names.length > 0) return names.filter((name) => !basename(name).startsWith('.'))
  throw new DatasetError(
    'DataFolderMissing',
    `${files.describe(path)}: no such folder, or it is empty; give the folder that holds the images as path`,
  )
}

async function splitImages(folder: FileLocation, limit: number) {
  const { files } = folder
  const images: string[] = []
  const skipped: SkippedFile[] = []
  for (const name of await listFileNames(folder)) {
    if (images.length === limit) break
    const path = joinPath(folder.path, name)
    const why = await findImageProblem({ files, path })
    if (why === undefined) images.push(name)
    else skipped.push({ file: files.describe(path), why })
  }
  return { images, skipped }
}

/**
 * Every image below a folder, in the order of names. Files that are no images are listed in
 * `skipped`. Throws DatasetError, StorageError.
 */
export async function imageFolderDataset(options: FolderOptions): Promise<Dataset> {
  const { folder, limit = Number.POSITIVE_INFINITY, digests } = options
  const { files } = folder
  const where = files.describe(folder.path)
  const { images, skipped } = await splitImages(folder, limit)
  if (images.length === 0) {
    throw new DatasetError(
      'DataEmpty',
      `${where} holds no image among ${skipped.length} files; give a folder of JPEG or PNG images`,
    )
  }
  const paths = images.map((name) => joinPath(folder.path, name))
  const contents = await digestFiles({ files, paths }, digests)
  return {
    size: images.length,
    classes: [],
    skipped,
    manifestDigest: computeManifestDigest(images.map((name, i) => [name, contents[i] ?? ''])),
    image: (index) => readImageFile({ files, path: paths[index] ?? '' }),
    mask: async () => {
      throw new DatasetError('DataWithoutMasks', `${where}: an image folder has no masks`)
    },
  }
}
