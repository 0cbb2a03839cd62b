import { beforeEach, describe, expect, test } from 'vitest'
import type { Storage } from '../../pod/storage.ts'
import { memoryBucket } from '../../test/fakes/memory-bucket.ts'
import { type DigestCache, digestFiles } from './file-digests.ts'

describe('the digests of files', () => {
  let files: Storage
  beforeEach(() => {
    files = memoryBucket()
  })

  test('are cached by path, size and version', async () => {
    await files.put('a', 'one')
    let text: string | undefined
    const cache: DigestCache = {
      read: async () => text,
      write: async (written) => {
        text = written
      },
    }
    const [one = ''] = await digestFiles({ files, paths: ['a'] }, cache)
    text = text?.replace(one, 'cached')
    expect(await digestFiles({ files, paths: ['a'] }, cache)).toEqual(['cached'])
    await files.put('a', 'two')
    const [two = ''] = await digestFiles({ files, paths: ['a'] }, cache)
    await files.put('b', 'two')
    expect(await digestFiles({ files, paths: ['b'] }, undefined)).toEqual([two])
    expect(two).not.toBe(one)
  })

  test('are computed when the cache is damaged', async () => {
    await files.put('a', 'one')
    const cache = { read: async () => '{', write: async () => {} }
    expect((await digestFiles({ files, paths: ['a'] }, cache))[0]).toHaveLength(64)
  })
})
