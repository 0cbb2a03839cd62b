/** What a pod needs of the storage it writes to. Paths are relative to its root, with `/`. */
export interface Storage {
  /** The bytes of a file. Throws StorageError NotFound. */
  read(path: string): Promise<Uint8Array>
  /** Names in a folder, sorted; empty where there is no such folder. */
  list(folder: string): Promise<readonly string[]>
  /** Replaces a file as a whole and durably: write, sync, rename, sync the folder. A reader sees the old bytes or the new ones. */
  writeAtomic(path: string, bytes: Uint8Array | string): Promise<void>
  /** Appends durably: when it returns, the bytes survive a power cut. */
  append(path: string, bytes: Uint8Array | string): Promise<void>
  /** Makes a file that must not exist yet; false where it does. */
  createExclusive(path: string, bytes: Uint8Array | string): Promise<boolean>
  /** Milliseconds since a file was last written, by the clock of the storage; undefined where there is none. */
  ageMs(path: string): Promise<number | undefined>
  /** Removes a file or a folder with all in it; nothing to remove is no failure. */
  remove(path: string): Promise<void>
}

export type StorageErrorCode = 'NotFound' | 'StorageFull' | 'StorageFailed'

/** A failure of the storage, by name and path. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly code: StorageErrorCode
  readonly path: string

  constructor(code: StorageErrorCode, path: string, cause: unknown) {
    super(MESSAGES[code](path), { cause })
    this.code = code
    this.path = path
  }
}

const MESSAGES: Record<StorageErrorCode, (path: string) => string> = {
  NotFound: (path) => `${path} is not there`,
  StorageFull: (path) =>
    `no space left to write ${path}: free some, then start again; the checkpoint before is whole and training goes on from it`,
  StorageFailed: (path) => `the storage failed at ${path}`,
}

/** Names what the operating system said. */
export function toStorageError(path: string, cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause
  const errno = (cause as { code?: unknown } | null)?.code
  if (errno === 'ENOENT' || errno === 'ENOTDIR') return new StorageError('NotFound', path, cause)
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return new StorageError('StorageFull', path, cause)
  return new StorageError('StorageFailed', path, cause)
}
