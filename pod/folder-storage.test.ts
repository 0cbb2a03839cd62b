import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { describeStorageContract } from '../test/contract/storage-contract.ts'
import { memoryBucket } from '../test/fakes/memory-bucket.ts'
import { folderStorage } from './folder-storage.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'neco-storage-'))
})
afterEach(() => rm(root, { recursive: true }))

describeStorageContract('a folder', async () => ({
  storage: folderStorage(root),
  other: folderStorage(root),
}))

describeStorageContract('a bucket in memory', async () => {
  const storage = memoryBucket()
  return { storage, other: storage }
})

describe('a folder as storage', () => {
  test('leaves no temporary file behind, and lists none that a kill left', async () => {
    await folderStorage(root).put('a/object', 'x')
    expect(await folderStorage(root).putIfAbsent('a/object', 'y')).toBe(false)
    expect(await readdir(join(root, 'a'))).toEqual(['object'])
    await writeFile(join(root, 'a', '.tmp-of-a-killed-pod'), 'half')
    expect(await folderStorage(root).list('a')).toEqual(['object'])
    expect(await folderStorage(root).listRecursively('')).toEqual(['a/object'])
    await folderStorage(root).deletePrefix('a')
    expect(await readdir(root)).toEqual([])
  })

  test('names its files in full for people', () => {
    expect(folderStorage('/mnt/storage').describe('runs/k')).toBe('/mnt/storage/runs/k')
  })

  test('says StorageFailed where it cannot write', async () => {
    await writeFile(join(root, 'file'), 'x')
    const failed = { code: 'StorageFailed', path: 'file/object' }
    await expect(folderStorage(root).put('file/object', 'x')).rejects.toMatchObject(failed)
    await expect(folderStorage(root).putIfAbsent('file/object', '')).rejects.toMatchObject(failed)
  })
})
