import { type Storage, StorageError } from './storage.ts'
import { DIGEST_CACHE_PATH } from './storage-layout.ts'

/** Where digests of data files are remembered for every pod that uses the storage. */
export interface TextFile {
  read(): Promise<string | undefined>
  write(text: string): Promise<void>
}

/** The digests on a storage. */
export const openDigestCacheFile = (storage: Storage): TextFile => ({
  read: async () => {
    try {
      return Buffer.from(await storage.read(DIGEST_CACHE_PATH)).toString('utf8')
    } catch (error) {
      if (error instanceof StorageError && error.code === 'NotFound') return undefined
      throw error
    }
  },
  write: (text) => storage.writeAtomic(DIGEST_CACHE_PATH, text),
})
