import { createHash } from 'node:crypto'
import type { Storage } from '../../pod/storage.ts'
import { StorageError } from '../../std/files/storage-error.ts'

const toBytes = (bytes: Uint8Array | string): Uint8Array => new Uint8Array(Buffer.from(bytes))
const toPrefix = (folder: string): string => (folder === '' ? '' : `${folder}/`)

/**
 * A storage that behaves as a bucket does: a map from keys to objects, without folders, appending
 * or ages. How S3 does an operation stands at FileSource and Storage.
 */
export function memoryBucket(): Storage {
  const objects = new Map<string, Uint8Array>()
  const get = (key: string): Uint8Array => {
    const bytes = objects.get(key)
    if (bytes === undefined) throw new StorageError('NotFound', key, new Error('NoSuchKey'))
    return bytes.slice()
  }
  /** Keys below a folder, without its name, in the order of ListObjectsV2. */
  const listKeys = (folder: string): readonly string[] => {
    const prefix = toPrefix(folder)
    const below = [...objects.keys()].filter((key) => key.startsWith(prefix))
    return below.map((key) => key.slice(prefix.length)).sort()
  }
  return {
    read: async (key) => get(key),
    readRange: async (key, { beginByte, endByte }) => get(key).slice(beginByte, endByte),
    async openStream(key) {
      const bytes = get(key)
      async function* readChunks() {
        for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100)
      }
      return { sizeBytes: bytes.length, chunks: readChunks(), close: async () => undefined }
    },
    async stat(key) {
      const bytes = objects.get(key)
      const version = createHash('md5').update(bytes ?? '')
      return bytes && { sizeBytes: bytes.length, version: version.digest('hex') }
    },
    list: async (folder) =>
      [...new Set(listKeys(folder).map((key) => key.slice(0, `${key}/`.indexOf('/'))))].sort(),
    listRecursively: async (folder) => listKeys(folder),
    describe: (key) => `memory://bucket/${key}`,
    async put(key, bytes) {
      objects.set(key, toBytes(bytes))
    },
    async putIfAbsent(key, bytes) {
      if (objects.has(key)) return false
      objects.set(key, toBytes(bytes))
      return true
    },
    async delete(key) {
      objects.delete(key)
    },
    async deletePrefix(folder) {
      for (const key of listKeys(folder)) objects.delete(`${toPrefix(folder)}${key}`)
    },
  }
}
