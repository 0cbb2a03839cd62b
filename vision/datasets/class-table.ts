import type { FileLocation } from '../../std/files/file-source.ts'
import { type DatasetClass, IGNORED_LABEL } from './dataset.ts'
import { DatasetError } from './dataset-error.ts'

const VOC_NAMES = [
  'background',
  'aeroplane',
  'bicycle',
  'bird',
  'boat',
  'bottle',
  'bus',
  'car',
  'cat',
  'chair',
  'cow',
  'diningtable',
  'dog',
  'horse',
  'motorbike',
  'person',
  'pottedplant',
  'sheep',
  'sofa',
  'train',
  'tvmonitor',
]

/**
 * The palette of VOC: the bits of the index, three at a time, fill the color channels from the top.
 */
export function vocColor(index: number): readonly [number, number, number] {
  const color: [number, number, number] = [0, 0, 0]
  for (let bit = 0; bit < 8; bit++) {
    const three = index >> (3 * bit)
    for (let channel = 0; channel < 3; channel++) {
      color[channel as 0 | 1 | 2] |= ((three >> channel) & 1) << (7 - bit)
    }
  }
  return color
}

/** The 21 classes of Pascal VOC. */
export const VOC_CLASSES: readonly DatasetClass[] = VOC_NAMES.map((name, index) => ({
  name,
  displayColor: vocColor(index),
}))

const invalid = (path: string, what: string): DatasetError =>
  new DatasetError(
    'DataClassesInvalid',
    `${path}: ${what}; it is tab-separated, with the columns index and name, and the indices 0, 1, 2, … in order`,
  )

/** Reads a table of class names. A row of the ignored label, which no class has, is left out. */
export async function readClassTable(location: FileLocation): Promise<DatasetClass[]> {
  const path = location.files.describe(location.path)
  const bytes = await location.files.read(location.path).catch((error: unknown) => {
    throw new DatasetError('DataFileMissing', `${path}: no such table of classes`, { cause: error })
  })
  const text = Buffer.from(bytes).toString('utf8')
  const [head = '', ...rows] = text.split(/\r?\n/).filter((line) => line !== '')
  const columns = head.split('\t')
  const [indexAt, nameAt] = [columns.indexOf('index'), columns.indexOf('name')]
  if (indexAt < 0 || nameAt < 0) throw invalid(path, 'the first line does not name its columns')
  const classes = rows.filter((row) => Number(row.split('\t')[indexAt]) !== IGNORED_LABEL)
  if (classes.length === 0) throw invalid(path, 'no classes')
  return classes.map((row, i) => {
    const cells = row.split('\t')
    if (Number(cells[indexAt]) !== i) throw invalid(path, `line ${i + 2} should have index ${i}`)
    return { name: cells[nameAt] ?? `class ${i}`, displayColor: vocColor(i) }
  })
}
