import { readTextIfExists } from './read-stored.ts'
import type { Storage } from './storage.ts'
import { DIGEST_CACHE_PATH } from './storage-layout.ts'

/** Where digests of data files are cached for every pod that uses the storage. */
export interface TextFile {
  read(): Promise<string | undefined>
  write(text: string): Promise<void>
}

/** The digests on a storage. */
export const openDigestCacheFile = (storage: Storage): TextFile => ({
  read: () => readTextIfExists(storage, DIGEST_CACHE_PATH),
  write: (text) => storage.put(DIGEST_CACHE_PATH, text),
})
