import { open } from 'node:fs/promises'
import { folderStorage } from '../../pod/folder-storage.ts'
import type { Storage } from '../../pod/storage.ts'
import { createPathRunner } from '../../std/files/folder-files.ts'

/**
 * The state folder of a study on this machine. It is no storage of pods, and need not be a bucket:
 * a journal grows by a line a change, which a folder appends for one sync.
 */
export interface JournalFolder extends Pick<Storage, 'read' | 'put'> {
  /** Adds to an existing file durably. A crash may leave a part. Throws StorageError. */
  append(path: string, text: string): Promise<void>
}

async function appendSynced(full: string, text: string): Promise<void> {
  const handle = await open(full, 'a')
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export function openJournalFolder(root: string): JournalFolder {
  const run = createPathRunner(root)
  const { read, put } = folderStorage(root)
  return { read, put, append: (path, text) => run(path, (full) => appendSynced(full, text)) }
}
