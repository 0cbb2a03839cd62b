import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Storage } from '../../pod/storage.ts'

interface StorageUnderTest {
  readonly storage: Storage
  /** The same storage as another pod opens it. */
  readonly other: Storage
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

async function readStream(storage: Storage, path: string): Promise<Buffer> {
  const stream = await storage.openStream(path)
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of stream.chunks) chunks.push(chunk)
  } finally {
    await stream.close()
  }
  const bytes = Buffer.concat(chunks)
  expect(bytes).toHaveLength(stream.sizeBytes)
  return bytes
}

/** What every implementation of the Storage port does, whatever is behind it. */
export function describeStorageContract(name: string, open: () => Promise<StorageUnderTest>): void {
  describe(`the storage of ${name}`, () => {
    describeReads(open)
    describeLists(open)
    describeWrites(open)
  })
}

function describeReads(open: () => Promise<StorageUnderTest>): void {
  test('gives back any bytes, whole, in parts and as a stream', async () => {
    const { storage, other } = await open()
    const position = fc.nat(400)
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        position,
        position,
        async (bytes, a, b) => {
          await storage.put('a/b.bin', bytes)
          expect(new Uint8Array(await other.read('a/b.bin'))).toEqual(bytes)
          expect(new Uint8Array(await readStream(other, 'a/b.bin'))).toEqual(bytes)
          const range = { beginByte: Math.min(a, b), endByte: Math.max(a, b) }
          const part = await other.readRange('a/b.bin', range)
          expect(new Uint8Array(part)).toEqual(bytes.slice(range.beginByte, range.endByte))
          expect(await other.stat('a/b.bin')).toMatchObject({ sizeBytes: bytes.length })
        },
      ),
      { numRuns: 30 },
    )
  })

  test('reads a range without an end to the last byte, and a stream of some megabytes', async () => {
    const { storage } = await open()
    const bytes = Buffer.alloc(2.5 * 2 ** 20, 'neco')
    await storage.put('large', bytes)
    const tail = { beginByte: bytes.length - 3, endByte: Number.POSITIVE_INFINITY }
    expect(text(await storage.readRange('large', tail))).toBe('eco')
    expect((await readStream(storage, 'large')).equals(bytes)).toBe(true)
  })

  test('says NotFound of what does not exist, and of what is only the beginning of a path', async () => {
    const { storage } = await open()
    await storage.put('folder/file', 'x')
    for (const path of ['none', 'folder', 'folder/none', 'folder/file/below']) {
      const missing = { code: 'NotFound', path }
      await expect(storage.read(path)).rejects.toMatchObject(missing)
      await expect(storage.readRange(path, { beginByte: 0, endByte: 1 })).rejects.toMatchObject(
        missing,
      )
      expect(await storage.openStream(path).catch((error: unknown) => error)).toMatchObject(missing)
      expect(await storage.stat(path)).toBeUndefined()
    }
  })

  test('reads one version as a stream, also while the object is replaced', async () => {
    const { storage, other } = await open()
    await storage.put('weights', 'old bytes')
    const stream = await storage.openStream('weights')
    await other.put('weights', 'new')
    const chunks: Uint8Array[] = []
    for await (const chunk of stream.chunks) chunks.push(chunk)
    await stream.close()
    expect([stream.sizeBytes, text(Buffer.concat(chunks))]).toEqual([9, 'old bytes'])
  })

  test('gives another version to other bytes', async () => {
    const { storage } = await open()
    await storage.put('data', 'one')
    const before = await storage.stat('data')
    expect(await storage.stat('data')).toEqual(before)
    await new Promise((resolve) => setTimeout(resolve, 5))
    await storage.put('data', 'two')
    expect((await storage.stat('data'))?.version).not.toBe(before?.version)
  })
}

function describeLists(open: () => Promise<StorageUnderTest>): void {
  test('lists the names directly under a folder, and all paths below it, sorted', async () => {
    const { storage, other } = await open()
    for (const path of ['f/b', 'f/a/2', 'f/a/1', 'f/a/c/3', 'fa', 'f.json', 'z']) {
      await storage.put(path, '')
    }
    expect(await other.list('f')).toEqual(['a', 'b'])
    expect(await other.listRecursively('f')).toEqual(['a/1', 'a/2', 'a/c/3', 'b'])
    expect(await other.list('')).toEqual(['f', 'f.json', 'fa', 'z'])
    expect(await other.listRecursively('')).toHaveLength(7)
  })

  test('lists nothing where nothing is', async () => {
    const { storage } = await open()
    await storage.put('file', 'x')
    for (const folder of ['none', 'none/below', 'file']) {
      expect(await storage.list(folder)).toEqual([])
      expect(await storage.listRecursively(folder)).toEqual([])
    }
  })

  test('shows only whole objects, whenever it is looked at', async () => {
    const { storage, other } = await open()
    const bodies = ['a'.repeat(100_000), 'b'.repeat(50_000)]
    let isWriting = true
    const writing = (async () => {
      for (let i = 0; i < 20; i++) await storage.put('o/object', bodies[i % 2] ?? '')
      isWriting = false
    })()
    while (isWriting) {
      for (const name of await other.list('o')) {
        expect(name).toBe('object')
        expect(bodies).toContain(text(await other.read(`o/${name}`)))
      }
    }
    await writing
  })
}

function describeWrites(open: () => Promise<StorageUnderTest>): void {
  test('replaces an object as a whole', async () => {
    const { storage } = await open()
    await storage.put('a/b.txt', 'a long text')
    await storage.put('a/b.txt', 'short')
    expect(text(await storage.read('a/b.txt'))).toBe('short')
    expect(await storage.list('a')).toEqual(['b.txt'])
  })

  test('ends with one of two writes that came at once, and fails neither', async () => {
    const { storage, other } = await open()
    const bodies = ['x'.repeat(10_000), 'y'.repeat(20_000)]
    const [first = '', second = ''] = bodies
    for (let i = 0; i < 10; i++) {
      await Promise.all([storage.put('shared', first), other.put('shared', second)])
      expect(bodies).toContain(text(await storage.read('shared')))
    }
    expect(await storage.list('')).toEqual(['shared'])
  })

  test('lets one of many create an object, and leaves its bytes', async () => {
    const { storage, other } = await open()
    const names = Array.from({ length: 10 }, (_, at) => `pod-${at}`)
    const created = await Promise.all(
      names.map((name, at) => (at % 2 === 0 ? storage : other).putIfAbsent('claims/k', name)),
    )
    expect(created.filter(Boolean)).toEqual([true])
    expect(text(await storage.read('claims/k'))).toBe(names[created.indexOf(true)])
    expect(await storage.list('claims')).toEqual(['k'])
    await storage.delete('claims/k')
    expect(await other.putIfAbsent('claims/k', 'next')).toBe(true)
  })

  test('deletes an object or all under a folder, and nothing else; nothing to delete is no failure', async () => {
    const { storage } = await open()
    for (const path of ['f/a', 'f/b/c', 'fa', 'g']) await storage.put(path, 'x')
    await storage.delete('none')
    await storage.deletePrefix('none')
    await storage.delete('g')
    await storage.deletePrefix('f')
    expect(await storage.listRecursively('')).toEqual(['fa'])
    await storage.put('f/again', 'x')
    expect(await storage.listRecursively('f')).toEqual(['again'])
  })
}
