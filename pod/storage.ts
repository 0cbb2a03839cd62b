import type { FileSource } from '../std/files/file-source.ts'

/**
 * The one way to what pods write: nothing else joins paths under it (`storage-layout.ts` names
 * them), and it has only operations that an object store offers too; each says how a folder and S3
 * do it. Nothing is appended to and nothing has an age: what grows is a row of objects (the spool),
 * and what expires is judged by whoever waits (the claims of evaluations).
 *
 * A write that throws may have happened or not, as with a lost reply; it was never made in part.
 * All throw StorageError, StorageFull or StorageFailed.
 */
export interface Storage extends FileSource {
  /**
   * Replaces an object as a whole; when it returns, the bytes survive a power cut. A reader sees
   * the old bytes or the new ones. Folder: write, sync, rename, sync the folder. S3: PutObject.
   */
  put(path: string, bytes: Uint8Array | string): Promise<void>
  /**
   * Creates an object as `put` does; false where it exists. Of any number of callers one gets true.
   * Folder: write, sync, link, sync the folder. S3: PutObject with If-None-Match `*`, false at 412.
   */
  putIfAbsent(path: string, bytes: Uint8Array | string): Promise<boolean>
  /** Removes an object; none to remove is no failure. Folder: unlink. S3: DeleteObject. */
  delete(path: string): Promise<void>
  /**
   * Removes all objects under a folder, in no order and not at once; none is no failure. Folder:
   * rm. S3: ListObjectsV2 and DeleteObjects.
   */
  deletePrefix(folder: string): Promise<void>
}
