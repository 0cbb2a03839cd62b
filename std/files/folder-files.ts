import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ByteRange, FileSource, FileStream } from './file-source.ts'
import { ifExists, StorageError } from './storage-error.ts'

const CHUNK_BYTES = 1024 * 1024

/** How files begin that are being written: no listing shows them. */
export const TEMPORARY_PREFIX = '.tmp-'

/** Names a failure of the operating system. A folder is no file, so reading one finds nothing. */
function toStorageError(path: string, cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause
  const errno = (cause as { code?: unknown } | null)?.code
  if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'EISDIR') {
    return new StorageError('NotFound', path, cause)
  }
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return new StorageError('StorageFull', path, cause)
  return new StorageError('StorageFailed', path, cause)
}

/** Runs operations on full paths under a root, and names their failures by the path below it. */
export const createPathRunner =
  (root: string) =>
  async <T>(path: string, operation: (full: string) => Promise<T>): Promise<T> => {
    try {
      return await operation(join(root, path))
    } catch (error) {
      throw toStorageError(path, error)
    }
  }

async function readBytes(handle: FileHandle, { beginByte, endByte }: ByteRange) {
  const { size } = await handle.stat()
  const bytes = new Uint8Array(Math.max(0, Math.min(endByte, size) - beginByte))
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, { offset: filled, position: beginByte + filled })
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

async function readFileRange(path: string, range: ByteRange): Promise<Uint8Array> {
  const handle = await open(path, 'r')
  try {
    return await readBytes(handle, range)
  } finally {
    await handle.close()
  }
}

/** An open file stays the version it was, also when another is renamed to its place. */
async function openFileStream(full: string, path: string): Promise<FileStream> {
  const handle = await open(full, 'r')
  const facts = await handle.stat()
  if (facts.isDirectory()) {
    await handle.close()
    throw new StorageError('NotFound', path, undefined)
  }
  async function* readChunks(): AsyncGenerator<Uint8Array> {
    for (let beginByte = 0; ; ) {
      const range = { beginByte, endByte: beginByte + CHUNK_BYTES }
      const chunk = await readBytes(handle, range).catch((error: unknown) => {
        throw toStorageError(path, error)
      })
      if (chunk.length === 0) return
      beginByte += chunk.length
      yield chunk
    }
  }
  return { sizeBytes: facts.size, chunks: readChunks(), close: () => handle.close() }
}

async function statFile(full: string) {
  const found = await stat(full)
  if (!found.isFile()) return undefined
  return { sizeBytes: found.size, version: String(found.mtimeMs) }
}

const isShown = (name: string): boolean => !name.startsWith(TEMPORARY_PREFIX)

async function listNames(full: string): Promise<readonly string[]> {
  return (await readdir(full)).filter(isShown).sort()
}

async function listFilePaths(full: string): Promise<readonly string[]> {
  const entries = await readdir(full, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile() && isShown(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(join(full, '/').length))
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
}

/** The files of a folder: a mounted volume in a pod, a folder on one machine. */
export function folderFiles(root: string): FileSource {
  const run = createPathRunner(root)
  return {
    read: (path) => run(path, (full) => readFile(full)),
    readRange: (path, range) => run(path, (full) => readFileRange(full, range)),
    openStream: (path) => run(path, (full) => openFileStream(full, path)),
    stat: (path) => ifExists(run(path, statFile)),
    list: async (folder) => (await ifExists(run(folder, listNames))) ?? [],
    listRecursively: async (folder) => (await ifExists(run(folder, listFilePaths))) ?? [],
    describe: (path) => join(root, path),
  }
}
