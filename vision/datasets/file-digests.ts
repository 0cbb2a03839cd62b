import { createHash } from 'node:crypto'
import type { FileSource } from '../../std/files/file-source.ts'

/** What was known of a file when its digest was computed. */
interface CachedDigest {
  readonly sizeBytes: number
  readonly version: string
  readonly sha256: string
}

/** Where digests are cached between processes; the text is JSON. */
export interface DigestCache {
  read(): Promise<string | undefined>
  write(text: string): Promise<void>
}

async function hashFile(files: FileSource, path: string): Promise<string> {
  const hash = createHash('sha256')
  const stream = await files.openStream(path)
  try {
    for await (const chunk of stream.chunks) hash.update(chunk)
  } finally {
    await stream.close()
  }
  return hash.digest('hex')
}

/** A cache that cannot be read is only slower, never wrong. */
function parseCachedDigests(text: string | undefined): Map<string, CachedDigest> {
  try {
    return new Map(Object.entries(JSON.parse(text ?? '{}') as Record<string, CachedDigest>))
  } catch {
    return new Map()
  }
}

export interface FilesToDigest {
  readonly files: FileSource
  readonly paths: readonly string[]
}

/**
 * SHA-256 of each file, computed only where size or version differ from what is cached. Throws
 * StorageError.
 */
export async function digestFiles(
  { files, paths }: FilesToDigest,
  cache: DigestCache | undefined,
): Promise<string[]> {
  const cachedDigests = parseCachedDigests(await cache?.read())
  const digests: string[] = []
  let isChanged = false
  for (const path of paths) {
    const facts = await files.stat(path)
    const key = files.describe(path)
    const before = cachedDigests.get(key)
    if (facts && before?.sizeBytes === facts.sizeBytes && before.version === facts.version) {
      digests.push(before.sha256)
      continue
    }
    const sha256 = await hashFile(files, path)
    if (facts) cachedDigests.set(key, { ...facts, sha256 })
    digests.push(sha256)
    isChanged = true
  }
  if (isChanged) await cache?.write(JSON.stringify(Object.fromEntries(cachedDigests)))
  return digests
}

/** One digest of a set of named parts, in order. */
export function computeManifestDigest(
  parts: readonly (readonly [name: string, digest: string])[],
): string {
  const hash = createHash('sha256')
  for (const [name, digest] of parts) hash.update(`${name}\0${digest}\n`)
  return hash.digest('hex')
}
