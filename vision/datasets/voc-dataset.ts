import { type FileLocation, joinPath } from '../../std/files/file-source.ts'
import { decodeLabelPng } from '../images/decode-label-png.ts'
import type { LabelMap } from '../images/rgb-image.ts'
import { readClassTable, VOC_CLASSES } from './class-table.ts'
import { type Dataset, IGNORED_LABEL } from './dataset.ts'
import { DatasetError } from './dataset-error.ts'
import { computeManifestDigest, type DigestCache, digestFiles } from './file-digests.ts'
import { readImageFile, readImageSize } from './image-file.ts'

export interface VocOptions {
  readonly root: FileLocation
  readonly split: string
  readonly masks?: string | undefined
  readonly classes?: string | undefined
  readonly limit?: number | undefined
  readonly digests?: DigestCache | undefined
}

interface VocLayout {
  readonly images: string
  readonly lists: string
}
/** The layout of the devkit, and the one the released program of the paper reads. */
const VOC_LAYOUTS: readonly VocLayout[] = [
  { images: 'JPEGImages', lists: 'ImageSets/Segmentation' },
  { images: 'images', lists: 'sets' },
]

async function findVocLayout({ files, path }: FileLocation): Promise<VocLayout> {
  for (const layout of VOC_LAYOUTS) {
    if ((await files.list(joinPath(path, layout.images))).length > 0) return layout
  }
  throw new DatasetError(
    'DataFolderMissing',
    `${files.describe(path)}: neither JPEGImages nor images is there; give the folder in VOC layout as path`,
  )
}

async function readSplit({ files, path: listPath }: FileLocation): Promise<string[]> {
  const path = files.describe(listPath)
  const bytes = await files.read(listPath).catch((error: unknown) => {
    throw new DatasetError('DataFileMissing', `${path}: no such split; check split`, {
      cause: error,
    })
  })
  const names = Buffer.from(bytes)
    .toString('utf8')
    .split(/\s+/)
    .filter((name) => name !== '')
  if (names.length === 0) throw new DatasetError('DataEmpty', `${path}: the split names no image`)
  return names
}

async function requireFiles(paths: readonly string[], { files, path: list }: FileLocation) {
  for (const path of paths) {
    if ((await files.stat(path)) !== undefined) continue
    throw new DatasetError(
      'DataFileMissing',
      `${files.describe(path)}: named by ${files.describe(list)}, but not there`,
    )
  }
}

async function readMask(location: FileLocation, classCount: number): Promise<LabelMap> {
  const path = location.files.describe(location.path)
  const mask = await location.files
    .read(location.path)
    .then(decodeLabelPng)
    .catch((error: unknown) => {
      throw new DatasetError('DataMaskUnreadable', `${path}: ${(error as Error).message}`, {
        cause: error,
      })
    })
  const at = mask.labels.findIndex((label) => label >= classCount && label !== IGNORED_LABEL)
  if (at < 0) return mask
  throw new DatasetError(
    'DataClassUnknown',
    `${path}: class ${mask.labels[at]} at x ${at % mask.width}, y ${Math.floor(at / mask.width)}, but there are ${classCount} classes; check masks and classes`,
  )
}

/**
 * A set in the layout of Pascal VOC: JPEG images, palette masks of class indices, lists of names.
 */
export async function vocDataset(options: VocOptions): Promise<Dataset> {
  const { root, split, masks = 'SegmentationClass', classes: table, limit, digests } = options
  const { files } = root
  const locate = (...parts: readonly string[]) => joinPath(root.path, ...parts)
  const layout = await findVocLayout(root)
  const list = { files, path: locate(layout.lists, `${split}.txt`) }
  const names = (await readSplit(list)).slice(0, limit)
  const images = names.map((name) => locate(layout.images, `${name}.jpg`))
  const maskPaths = names.map((name) => locate(masks, `${name}.png`))
  await requireFiles([...images, ...maskPaths], list)
  const classes =
    table === undefined ? VOC_CLASSES : await readClassTable({ files, path: locate(table) })
  const contents = await digestFiles({ files, paths: [...images, ...maskPaths] }, digests)
  return {
    size: names.length,
    classes,
    skipped: [],
    manifestDigest: computeManifestDigest(
      contents.map((digest, i) => [
        `${names[i % names.length]} ${i < names.length ? 'image' : 'mask'}`,
        digest,
      ]),
    ),
    image: (index) => readImageFile({ files, path: images[index] ?? '' }),
    mask: async (index) => {
      const path = maskPaths[index] ?? ''
      const mask = await readMask({ files, path }, classes.length)
      const { width, height } = await readImageSize({ files, path: images[index] ?? '' })
      if (mask.width === width && mask.height === height) return mask
      throw new DatasetError(
        'DataMaskSizeWrong',
        `${files.describe(path)}: ${mask.width}×${mask.height} pixels, but its image has ${width}×${height}`,
      )
    },
  }
}
