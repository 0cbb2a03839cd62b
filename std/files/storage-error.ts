export type StorageErrorCode = 'NotFound' | 'StorageFull' | 'StorageFailed'

/** A failure of a file source or storage, by name and path. */
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
  NotFound: (path) => `${path} does not exist`,
  StorageFull: (path) =>
    `no space left to write ${path}: free some, then start again; the checkpoint before is whole and training resumes from it`,
  StorageFailed: (path) => `the storage failed at ${path}`,
}

/** Runs a read; undefined where the file does not exist. Other failures pass through. */
export async function ifExists<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof StorageError && error.code === 'NotFound') return undefined
    throw error
  }
}
