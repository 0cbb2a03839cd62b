import type { Storage } from '../../pod/storage.ts'
import { StorageError } from '../../std/files/storage-error.ts'

/**
 * NoSpace: nothing is written. TornWrite: half of a new object is there, as a file system leaves it
 * that does not keep its promises; an object that existed stays. LostReply: the whole object is
 * there, and the writer gets an error.
 */
export type StorageFault = 'NoSpace' | 'TornWrite' | 'LostReply'

/** A storage whose n-th write (from 0) fails. */
export function faultyStorage(
  inner: Storage,
  failing: number,
  fault: StorageFault,
): Storage & { readonly writes: () => number } {
  let writes = 0
  return {
    ...inner,
    async put(path, bytes) {
      if (writes++ !== failing) return inner.put(path, bytes)
      const half = Buffer.from(bytes).subarray(0, Math.floor(Buffer.byteLength(bytes) / 2))
      if (fault === 'TornWrite') await inner.putIfAbsent(path, half)
      if (fault === 'LostReply') await inner.put(path, bytes)
      throw new StorageError(fault === 'NoSpace' ? 'StorageFull' : 'StorageFailed', path, fault)
    },
    writes: () => writes,
  }
}
