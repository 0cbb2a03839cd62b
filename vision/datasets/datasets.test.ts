import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { folderFiles } from '../../std/files/folder-files.ts'
import { omitUndefined } from '../../std/omit-undefined.ts'
import { memoryBucket } from '../../test/fakes/memory-bucket.ts'
import { decodeLabelPng } from '../images/decode-label-png.ts'
import { drawScene } from '../scenes/draw-scene.ts'
import { openDataset } from './open-dataset.ts'
import { warnAboutSkipped } from './warn-about-skipped.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'neco-data-'))
})
afterEach(() => rm(root, { recursive: true }))

const SIDE = 12
const jpeg = (value: number): Promise<Buffer> =>
  sharp({
    create: { width: SIDE, height: SIDE, channels: 3, background: { r: value, g: 20, b: 200 } },
  })
    .jpeg()
    .toBuffer()
/** A gray PNG, whose values are the indices. */
const maskPng = (labels: Uint8Array, width = SIDE): Promise<Buffer> =>
  sharp(labels, { raw: { width, height: labels.length / width, channels: 1 } })
    .toColorspace('b-w')
    .png()
    .toBuffer()

async function put(path: string, bytes: Uint8Array | string): Promise<void> {
  const full = join(root, path)
  await mkdir(join(full, '..'), { recursive: true })
  await writeFile(full, bytes)
}
const labels = (value: number): Uint8Array => new Uint8Array(SIDE * SIDE).fill(value)

async function putVoc(): Promise<void> {
  for (const [i, name] of ['a', 'b'].entries()) {
    await put(`JPEGImages/${name}.jpg`, await jpeg(100 + i))
    await put(`SegmentationClass/${name}.png`, await maskPng(labels(i + 1)))
  }
  await put('ImageSets/Segmentation/val.txt', 'a\nb\n')
}
const openVoc = (overrides = {}) =>
  openDataset(
    { kind: 'Voc', path: '', split: 'val', ...overrides },
    { volumes: { '': folderFiles(root) } },
  )
const openFolder = (path = '', count?: number) =>
  openDataset(
    { kind: 'ImageFolder', path, ...omitUndefined({ count }) },
    { volumes: { '': folderFiles(root) } },
  )

describe('Scenes', () => {
  test('are the images of their seeds, with masks', async () => {
    const scenes = await openDataset({ kind: 'Scenes', firstSeed: 5, count: 2 }, { volumes: {} })
    expect(scenes.size).toBe(2)
    expect((await scenes.image(1)).rgb).toEqual(drawScene(6).image)
    expect((await scenes.mask(1)).labels).toEqual(drawScene(6).mask)
    expect(scenes.classes[0]?.name).toBe('background')
  })
  test('of other seeds have another digest', async () => {
    const open = (firstSeed: number) =>
      openDataset({ kind: 'Scenes', firstSeed, count: 2 }, { volumes: {} })
    expect((await open(1)).manifestDigest).not.toBe((await open(2)).manifestDigest)
    expect((await open(1)).manifestDigest).toBe((await open(1)).manifestDigest)
  })
})

describe('a folder of images', () => {
  test('is read in the order of names, also below', async () => {
    await put('b.jpg', await jpeg(10))
    await put('sub/c.jpg', await jpeg(250))
    await put(
      'a.png',
      await sharp(await jpeg(90))
        .png()
        .toBuffer(),
    )
    const folder = await openFolder()
    expect(folder.size).toBe(3)
    const reds = [0, 1, 2].map(async (i) => (await folder.image(i)).rgb[0] ?? 0)
    const [a = 0, b = 0, c = 0] = await Promise.all(reds)
    expect(Math.abs(a - 90) + Math.abs(b - 10) + Math.abs(c - 250)).toBeLessThan(12)
  })
  test('names and counts the files that are no images', async () => {
    await put('good.jpg', await jpeg(10))
    await put('notes.txt', 'hello')
    const { size, skipped } = await openFolder()
    expect(size).toBe(1)
    expect(skipped.map(({ file }) => file)).toEqual([join(root, 'notes.txt')])
    const reported: string[] = []
    warnAboutSkipped('data', { size, skipped }, (message, { file }) =>
      reported.push([message, file ?? ''].join(' ')),
    )
    expect(reported).toEqual([
      'data: left out 1 file that is no image; 1 image is used ',
      `left out ${join(root, 'notes.txt')}`,
    ])
  })
  test('can be limited', async () => {
    for (const name of ['a', 'b', 'c']) await put(`${name}.jpg`, await jpeg(10))
    expect((await openFolder('', 2)).size).toBe(2)
  })
  test('that is missing, or empty as a folder of a bucket cannot be, is an error', async () => {
    await expect(openFolder('none')).rejects.toMatchObject({ code: 'DataFolderMissing' })
    await expect(openFolder()).rejects.toMatchObject({ code: 'DataFolderMissing' })
  })
  test('that holds no image is an error', async () => {
    await put('notes.txt', 'hello')
    await expect(openFolder()).rejects.toThrow('holds no image among 1 files')
  })
  test('names an image that is damaged in the middle', async () => {
    const noise = Uint8Array.from({ length: 3 * 64 * 64 }, (_, i) => (i * 7919) % 256)
    const whole = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
      .jpeg()
      .toBuffer()
    await put('cut.jpg', whole.subarray(0, whole.length / 2))
    const folder = await openFolder()
    await expect(folder.image(0)).rejects.toMatchObject({
      code: 'DataImageUnreadable',
      message: expect.stringContaining('cut.jpg'),
    })
  })
  test('on a volume nobody knows is an error that lists the known ones', async () => {
    const mounts = { volumes: { '': folderFiles(root), coco: folderFiles(root) } }
    const open = openDataset({ kind: 'ImageFolder', volume: 'voc', path: '' }, mounts)
    await expect(open).rejects.toThrow('volume voc is not there; known volumes: coco')
  })
})

describe('a folder in VOC layout', () => {
  test('gives images and class indices in the order of the split', async () => {
    await putVoc()
    const voc = await openVoc()
    expect(voc.size).toBe(2)
    expect((await voc.mask(1)).labels).toEqual(labels(2))
    expect(voc.classes).toHaveLength(21)
  })
  test('reads the names of its classes from a table', async () => {
    await putVoc()
    await put('names.tsv', 'index\tname\n0\tsky\n1\tsea\n2\tsand\n')
    const voc = await openVoc({ classes: 'names.tsv' })
    expect(voc.classes.map(({ name }) => name)).toEqual(['sky', 'sea', 'sand'])
  })
  test('is the same on a bucket', async () => {
    await putVoc()
    const folder = folderFiles(root)
    const bucket = memoryBucket()
    for (const path of await folder.listRecursively('')) {
      await bucket.put(`sets/voc/${path}`, await folder.read(path))
    }
    const settings = { kind: 'Voc', path: 'sets/voc', split: 'val' } as const
    const [onBucket, inFolder] = [
      await openDataset(settings, { volumes: { '': bucket } }),
      await openVoc(),
    ]
    expect(onBucket.manifestDigest).toBe(inFolder.manifestDigest)
    expect(await onBucket.image(1)).toEqual(await inFolder.image(1))
    expect(await onBucket.mask(1)).toEqual(await inFolder.mask(1))
    await bucket.delete('sets/voc/JPEGImages/b.jpg')
    const lost = 'memory://bucket/sets/voc/JPEGImages/b.jpg: named by'
    await expect(openDataset(settings, { volumes: { '': bucket } })).rejects.toThrow(lost)
  })
  test('changes its digest with one pixel of one mask', async () => {
    await putVoc()
    const { manifestDigest: before } = await openVoc()
    await put('SegmentationClass/a.png', await maskPng(labels(3)))
    expect((await openVoc()).manifestDigest).not.toBe(before)
  })

  type Fault = [break_: () => Promise<void>, code: string, text: string]
  const faults: Record<string, Fault> = {
    'a missing split': [
      () => rm(join(root, 'ImageSets'), { recursive: true }),
      'DataFileMissing',
      'val.txt',
    ],
    'a split that names a missing image': [
      () => put('ImageSets/Segmentation/val.txt', 'a z'),
      'DataFileMissing',
      'z.jpg',
    ],
    'an empty split': [() => put('ImageSets/Segmentation/val.txt', '\n'), 'DataEmpty', 'val.txt'],
    'no images folder': [
      () => rm(join(root, 'JPEGImages'), { recursive: true }),
      'DataFolderMissing',
      'JPEGImages',
    ],
  }
  test.each(Object.entries(faults))('with %s is refused', async (_, [damage, code, text]) => {
    await putVoc()
    await damage()
    await expect(openVoc()).rejects.toMatchObject({
      code,
      message: expect.stringContaining(text),
    })
  })

  const maskFaults: Record<string, [() => Promise<Buffer>, code: string, text: string]> = {
    'another size': [() => maskPng(new Uint8Array(SIDE * 4)), 'DataMaskSizeWrong', '12×4'],
    'an unknown class': [() => maskPng(labels(21)), 'DataClassUnknown', 'class 21 at x 0, y 0'],
    'colors in place of indices': [
      () =>
        sharp(labels(1), { raw: { width: 12, height: 4, channels: 3 } })
          .png()
          .toBuffer(),
      'DataMaskUnreadable',
      'RGB colors',
    ],
    'a cut end': [
      async () => (await maskPng(labels(1))).subarray(0, 40),
      'DataMaskUnreadable',
      'ends in the middle',
    ],
    'no PNG': [() => jpeg(1), 'DataMaskUnreadable', 'not a PNG'],
  }
  test.each(Object.entries(maskFaults))('refuses a mask with %s', async (_, [make, code, text]) => {
    await putVoc()
    await put('SegmentationClass/a.png', await make())
    const voc = await openVoc()
    await expect(voc.mask(0)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(text),
    })
  })
  test('accepts the boundary value 255', async () => {
    await putVoc()
    await put('SegmentationClass/a.png', await maskPng(labels(255)))
    expect((await (await openVoc()).mask(0)).labels[0]).toBe(255)
  })
})

describe('palette masks of every depth', () => {
  test.each([1, 2, 4, 8])('%i bits give the same indices', async (bits) => {
    const colors = Math.min(2 ** bits, 7)
    const expected = Uint8Array.from({ length: 7 * 5 }, (_, i) => i % colors)
    const rgb = [...expected].flatMap((label) => [label * 36, label * 36, label * 36])
    const png = await sharp(Uint8Array.from(rgb), { raw: { width: 7, height: 5, channels: 3 } })
      .png({ palette: true, colors: 2 ** bits, dither: 0 })
      .toBuffer()
    const { width, height, labels: read } = decodeLabelPng(png)
    expect([width, height]).toEqual([7, 5])
    const same = (i: number, j: number) => (read[i] === read[j]) === (expected[i] === expected[j])
    const pairs = Array.from({ length: 35 * 35 }, (_, k) => same(Math.floor(k / 35), k % 35))
    expect(pairs).not.toContain(false)
  })
})
