import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeLabelPng } from '../images/decode-label-png.ts'
import type { LabelMap } from '../images/rgb-image.ts'
import { readClassTable, VOC_CLASSES } from './class-table.ts'
import { type Dataset, IGNORED_LABEL } from './dataset.ts'
import { DatasetError } from './dataset-error.ts'
import { computeManifestDigest, type DigestCache, digestFiles } from './file-digests.ts'
import { readImageFile, readImageSize } from './image-folder.ts'

export interface VocOptions {
  readonly root: string
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

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

async function findVocLayout(root: string): Promise<VocLayout> {
  for (const layout of VOC_LAYOUTS) {
    if (await exists(join(root, layout.images))) return layout
  }
  throw new DatasetError(
    'DataFolderMissing',
    `${root}: neither JPEGImages nor images is there; give the folder in VOC layout as path`,
  )
}

async function readSplit(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new DatasetError('DataFileMissing', `${path}: no such split; check split`, {
      cause: error,
    })
  })
  const names = text.split(/\s+/).filter((name) => name !== '')
  if (names.length === 0) throw new DatasetError('DataEmpty', `${path}: the split names no image`)
  return names
}

async function requireFiles(paths: readonly string[], list: string): Promise<void> {
  for (const path of paths) {
    if (await exists(path)) continue
    throw new DatasetError('DataFileMissing', `${path}: named by ${list}, but not there`)
  }
}

async function readMask(path: string, classCount: number): Promise<LabelMap> {
  const mask = await readFile(path)
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

/** A set in the layout of Pascal VOC: JPEG images, palette masks of class indices, lists of names. */
export async function vocDataset(options: VocOptions): Promise<Dataset> {
  const { root, split, masks = 'SegmentationClass', classes: table, limit, digests } = options
  const layout = await findVocLayout(root)
  const list = join(root, layout.lists, `${split}.txt`)
  const names = (await readSplit(list)).slice(0, limit)
  const images = names.map((name) => join(root, layout.images, `${name}.jpg`))
  const maskPaths = names.map((name) => join(root, masks, `${name}.png`))
  await requireFiles([...images, ...maskPaths], list)
  const classes = table === undefined ? VOC_CLASSES : await readClassTable(join(root, table))
  const contents = await digestFiles([...images, ...maskPaths], digests)
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
    image: (index) => readImageFile(images[index] ?? ''),
    mask: async (index) => {
      const path = maskPaths[index] ?? ''
      const mask = await readMask(path, classes.length)
      const { width, height } = await readImageSize(images[index] ?? '')
      if (mask.width === width && mask.height === height) return mask
      throw new DatasetError(
        'DataMaskSizeWrong',
        `${path}: ${mask.width}×${mask.height} pixels, but its image has ${width}×${height}`,
      )
    },
  }
}
