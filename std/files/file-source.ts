/** What is known of a file without reading it. */
export interface FileFacts {
  readonly sizeBytes: number
  /** Changes when the content is replaced: time of change of a file, ETag of an object. */
  readonly version: string
}

/**
 * Bytes of a file from `beginByte` (inclusive) to `endByte` (exclusive; beyond the end is the end).
 */
export interface ByteRange {
  readonly beginByte: number
  readonly endByte: number
}

/** A file that is read once from its first byte to its last, all of one version. */
export interface FileStream {
  readonly sizeBytes: number
  readonly chunks: AsyncIterable<Uint8Array>
  /** Ends the reading, wherever it has got; call it once in any case. */
  close(): Promise<void>
}

/**
 * Files that can be read: a mounted folder, and whatever can offer these operations, such as a
 * bucket; each says how S3 does it. Paths are relative to the root of the source and use `/`; `''`
 * is the root. A folder is nothing but the common beginning of the paths of files: an empty one
 * need not be distinguished from one that does not exist, and no path is both a file and a folder.
 * A read that starts after a write has returned sees it. Everything throws StorageError: NotFound
 * from the reads alone.
 */
export interface FileSource {
  /** All bytes of one version. S3: GetObject. */
  read(path: string): Promise<Uint8Array>
  /** Bytes of one version; two calls may see two. S3: GetObject with Range, none at 416. */
  readRange(path: string, range: ByteRange): Promise<Uint8Array>
  /** Size and all bytes of one version, in parts. S3: GetObject, its length and its body. */
  openStream(path: string): Promise<FileStream>
  /** Undefined where there is no file. S3: HeadObject, undefined at 404. */
  stat(path: string): Promise<FileFacts | undefined>
  /**
   * Names of files and folders directly under a folder, sorted. S3: ListObjectsV2, Delimiter `/`.
   */
  list(folder: string): Promise<readonly string[]>
  /** Paths below a folder, relative to it, of all files under it, sorted. S3: ListObjectsV2. */
  listRecursively(folder: string): Promise<readonly string[]>
  /** How a person finds a file, for messages: `/data/voc/a.jpg`, `s3://data/voc/a.jpg`. */
  describe(path: string): string
}

/** A file or folder in a source. */
export interface FileLocation {
  readonly files: FileSource
  readonly path: string
}

/** Joins parts of a path; empty parts add nothing. */
export const joinPath = (...parts: readonly string[]): string =>
  parts
    .flatMap((part) => part.split('/'))
    .filter((name) => name !== '' && name !== '.')
    .join('/')
