import type { FileSource } from '../std/files/file-source.ts'
import { ifExists } from '../std/files/storage-error.ts'

/** What lies under a path: a value, nothing, or something that is no such value. */
export type StoredValue<T> =
  | { readonly kind: 'Found'; readonly value: T }
  | { readonly kind: 'Missing' }
  | { readonly kind: 'Damaged'; readonly cause: unknown }

interface Schema<T> {
  parse(value: unknown): T
}

/** The text of a file; undefined where it does not exist. Throws StorageError. */
export async function readTextIfExists(
  files: Pick<FileSource, 'read'>,
  path: string,
): Promise<string | undefined> {
  const bytes = await ifExists(files.read(path))
  return bytes && Buffer.from(bytes).toString('utf8')
}

/** Reads a JSON file by its schema. Throws StorageError for all but a file that does not exist. */
export async function readStoredJson<T>(
  files: Pick<FileSource, 'read'>,
  path: string,
  schema: Schema<T>,
): Promise<StoredValue<T>> {
  const text = await readTextIfExists(files, path)
  if (text === undefined) return { kind: 'Missing' }
  try {
    return { kind: 'Found', value: schema.parse(JSON.parse(text)) }
  } catch (cause) {
    return { kind: 'Damaged', cause }
  }
}
