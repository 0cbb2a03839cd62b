import type { FileSource } from '../std/files/file-source.ts'

/**
 * The one way to what pods write: nothing else joins paths under it, and it has only operations that
 * an object store offers too. The reads and their guarantees are those of FileSource; these are the
 * writes. Nothing is appended to and nothing has an age: what grows is a row of objects (the spool),
 * and what expires is judged by whoever waits (the claims of evaluations).
 *
 * | operation    | guarantee when it returns                               | folder                          | S3                            |
 * | ------------ | ------------------------------------------------------- | ------------------------------- | ----------------------------- |
 * | put          | the object is replaced as a whole and survives a power cut; a reader sees the old bytes or the new ones | write, sync, rename, sync the folder | PutObject |
 * | putIfAbsent  | of any number of callers one creates the object, durably and as a whole, and gets true | write, sync, link, sync the folder | PutObject, If-None-Match `*` (412: false) |
 * | delete       | the object is gone; that it did not exist is no failure | unlink                          | DeleteObject                  |
 * | deletePrefix | all objects under the folder are gone, in no order and not at once; none is no failure | rm -r       | ListObjectsV2, DeleteObjects  |
 *
 * A write that throws may have happened or not, as with a lost reply; it was never made in part.
 * All throw StorageError.
 */
export interface Storage extends FileSource {
  put(path: string, bytes: Uint8Array | string): Promise<void>
  putIfAbsent(path: string, bytes: Uint8Array | string): Promise<boolean>
  delete(path: string): Promise<void>
  deletePrefix(folder: string): Promise<void>
}
