import { type Storage, StorageError } from '../../pod/storage.ts'
import { DIGEST_CACHE_PATH } from '../../pod/storage-layout.ts'
import type { DigestMemory } from '../../vision/datasets/file-digests.ts'

/** Digests of data files, remembered on the storage for every pod that uses it. */
export const digestMemory = (storage: Storage): DigestMemory => ({
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
