import { randomUUID } from 'node:crypto'
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { createPathRunner, folderFiles, TEMPORARY_PREFIX } from '../std/files/folder-files.ts'
import { StorageError } from '../std/files/storage-error.ts'
import type { Storage } from './storage.ts'

type Bytes = Uint8Array | string

const isErrno = (error: unknown, ...codes: readonly string[]): boolean =>
  codes.includes(String((error as { code?: unknown } | null)?.code))

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/**
 * Makes a folder so that its name survives a power cut, as do those of the folders above it that
 * are new.
 */
async function makeFolder(path: string): Promise<void> {
  const firstMade = await mkdir(path, { recursive: true })
  if (firstMade === undefined) return
  for (let made = resolve(path); made.length >= firstMade.length; made = dirname(made)) {
    await syncFolder(dirname(made))
  }
}

async function writeNewFile(path: string, bytes: Bytes): Promise<void> {
  const handle = await open(path, 'wx')
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Writes a file beside its place, moves it there and makes the move durable. The name is random:
 * pods that share a storage have equal process ids.
 */
async function placeFile(
  path: string,
  bytes: Bytes,
  move: (temporary: string, path: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(path)
  await makeFolder(folder)
  const temporary = join(folder, `${TEMPORARY_PREFIX}${randomUUID()}`)
  try {
    await writeNewFile(temporary, bytes)
    await move(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
  await syncFolder(folder)
}

/**
 * Gives a written file its name unless that is taken; says whether. On file systems without hard
 * links, such as SMB, the file is created under its name and then filled.
 */
async function nameIfAbsent(temporary: string, path: string, bytes: Bytes): Promise<boolean> {
  try {
    await link(temporary, path).catch((error: unknown) => {
      if (isErrno(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) {
        return writeNewFile(path, bytes)
      }
      throw error
    })
    return true
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false
    throw error
  }
}

async function createFile(path: string, bytes: Bytes): Promise<boolean> {
  let isCreated = false
  await placeFile(path, bytes, async (temporary) => {
    isCreated = await nameIfAbsent(temporary, path, bytes)
  })
  return isCreated
}

/** A write needs nothing to exist: where it misses something, the folder is damaged or gone. */
function toWriteError(error: unknown): never {
  if (!(error instanceof StorageError) || error.code !== 'NotFound') throw error
  throw new StorageError('StorageFailed', error.path, error.cause)
}

/** The storage of a folder: a mounted volume in a pod, an output folder on one machine. */
export function folderStorage(root: string): Storage {
  const run = createPathRunner(root)
  const write: typeof run = (path, operation) => run(path, operation).catch(toWriteError)
  return {
    ...folderFiles(root),
    put: (path, bytes) => write(path, (full) => placeFile(full, bytes, rename)),
    putIfAbsent: (path, bytes) => write(path, (full) => createFile(full, bytes)),
    delete: (path) => write(path, (full) => rm(full, { force: true })),
    deletePrefix: (folder) => write(folder, (full) => rm(full, { recursive: true, force: true })),
  }
}
