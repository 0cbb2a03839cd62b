import { type Storage, StorageError } from './storage.ts'

/** What lies under a path: a value, nothing, or something that is no such value. */
export type StoredValue<T> =
  | { readonly kind: 'Found'; readonly value: T }
  | { readonly kind: 'Missing' }
  | { readonly kind: 'Damaged'; readonly cause: unknown }

interface Schema<T> {
  parse(value: unknown): T
}

/** Reads a JSON file of the storage by its schema. Throws StorageError for all but a file that is not there. */
export async function readStoredJson<T>(
  storage: Pick<Storage, 'read'>,
  path: string,
  schema: Schema<T>,
): Promise<StoredValue<T>> {
  try {
    const text = Buffer.from(await storage.read(path)).toString('utf8')
    return { kind: 'Found', value: schema.parse(JSON.parse(text)) }
  } catch (cause) {
    if (!(cause instanceof StorageError)) return { kind: 'Damaged', cause }
    if (cause.code !== 'NotFound') throw cause
    return { kind: 'Missing' }
  }
}
