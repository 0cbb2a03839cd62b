import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Storage, toStorageError } from './storage.ts'

let temporaryNames = 0

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function writeSynced(handle: FileHandle, bytes: Uint8Array | string): Promise<void> {
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function replaceFile(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}-${temporaryNames++}.tmp`
  try {
    await writeSynced(await open(temporary, 'w'), bytes)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

async function appendFile(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeSynced(await open(path, 'a'), bytes)
}

async function createFile(path: string, bytes: Uint8Array | string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true })
  try {
    await writeSynced(await open(path, 'wx'), bytes)
    return true
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') return false
    throw error
  }
}

const isMissing = (error: unknown): boolean => toStorageError('', error).code === 'NotFound'

/** The storage of a folder: a mounted volume in a pod, an output folder on one machine. `nowMs` is the clock that file times are held against. */
export function folderStorage(root: string, nowMs: () => number): Storage {
  const withStorageErrors = async <T>(
    path: string,
    operation: (full: string) => Promise<T>,
  ): Promise<T> => {
    try {
      return await operation(join(root, path))
    } catch (error) {
      throw toStorageError(path, error)
    }
  }
  return {
    read: (path) => withStorageErrors(path, (full) => readFile(full)),
    list: (folder) =>
      withStorageErrors(folder, async (full) => {
        const names = await readdir(full).catch((error: unknown) => {
          if (isMissing(error)) return []
          throw error
        })
        return names.sort()
      }),
    writeAtomic: (path, bytes) => withStorageErrors(path, (full) => replaceFile(full, bytes)),
    append: (path, bytes) => withStorageErrors(path, (full) => appendFile(full, bytes)),
    createExclusive: (path, bytes) => withStorageErrors(path, (full) => createFile(full, bytes)),
    ageMs: (path) =>
      withStorageErrors(path, async (full) => {
        const found = await stat(full).catch((error: unknown) => {
          if (isMissing(error)) return undefined
          throw error
        })
        return found === undefined ? undefined : Math.max(0, nowMs() - found.mtimeMs)
      }),
    remove: (path) => withStorageErrors(path, (full) => rm(full, { recursive: true, force: true })),
  }
}
