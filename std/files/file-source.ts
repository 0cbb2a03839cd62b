/** What is known of a file without reading it. */
export interface FileFacts {
  readonly sizeBytes: number
  /** Changes when the content is replaced: time of change of a file, ETag of an object. */
  readonly version: string
}

/** Bytes of a file from `beginByte` (inclusive) to `endByte` (exclusive; beyond the end is the end). */
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
 * bucket. Paths are relative to the root of the source and use `/`; `''` is the root. A folder is
 * nothing but the common beginning of the paths of files: an empty one need not be told from one
 * that does not exist, and no path is both a file and a folder.
 *
 * | operation       | guarantee                                          | on S3                         |
 * | --------------- | -------------------------------------------------- | ----------------------------- |
 * | read            | all bytes of one version                           | GetObject                     |
 * | readRange       | bytes of one version; two calls may see two        | GetObject with Range (416: empty) |
 * | openStream      | size and all bytes of one version                  | GetObject, its length and body |
 * | stat            | facts of one version; undefined where none exists  | HeadObject (404: undefined)   |
 * | list            | names directly under a folder, sorted              | ListObjectsV2, Prefix and Delimiter `/` |
 * | listRecursively | paths of all files under a folder, sorted          | ListObjectsV2, Prefix         |
 *
 * A read that starts after a write has returned sees it. Everything throws StorageError: NotFound
 * from the reads alone.
 */
export interface FileSource {
  read(path: string): Promise<Uint8Array>
  readRange(path: string, range: ByteRange): Promise<Uint8Array>
  openStream(path: string): Promise<FileStream>
  stat(path: string): Promise<FileFacts | undefined>
  list(folder: string): Promise<readonly string[]>
  /** The paths are relative to the folder. */
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
