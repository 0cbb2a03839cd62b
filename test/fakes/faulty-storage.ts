import { type Storage, toStorageError } from '../../pod/storage.ts'

export type StorageFault = 'NoSpace' | 'TornWrite'

/** A storage whose n-th write (from 0) fails: with ENOSPC before a byte is written, or torn in the middle. */
export function faultyStorage(
  inner: Storage,
  failing: number,
  fault: StorageFault,
): Storage & { readonly writes: () => number } {
  let writes = 0
  const guarded =
    (write: (path: string, bytes: Uint8Array | string) => Promise<void>) =>
    async (path: string, bytes: Uint8Array | string): Promise<void> => {
      if (writes++ !== failing) return write(path, bytes)
      const half = Buffer.from(bytes).subarray(0, Math.floor(Buffer.byteLength(bytes) / 2))
      if (fault === 'TornWrite') await inner.append(path, half)
      const code = fault === 'NoSpace' ? 'ENOSPC' : 'EIO'
      throw toStorageError(path, Object.assign(new Error(code), { code }))
    }
  return {
    ...inner,
    writeAtomic: guarded(inner.writeAtomic),
    append: guarded(inner.append),
    writes: () => writes,
  }
}
