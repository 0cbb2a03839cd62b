import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

/** What was known of a file when its digest was computed. */
interface CachedDigest {
  readonly sizeBytes: number
  readonly modifiedMs: number
  readonly sha256: string
}

/** Where digests are remembered between processes; the text is JSON. */
export interface DigestCache {
  read(): Promise<string | undefined>
  write(text: string): Promise<void>
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** A memory that cannot be read is only slower, never wrong. */
function parseCachedDigests(text: string | undefined): Map<string, CachedDigest> {
  try {
    return new Map(Object.entries(JSON.parse(text ?? '{}') as Record<string, CachedDigest>))
  } catch {
    return new Map()
  }
}

/** SHA-256 of each file, computed anew only where size or time of change differ from what is remembered. */
export async function digestFiles(
  paths: readonly string[],
  cache: DigestCache | undefined,
): Promise<string[]> {
  const cachedDigests = parseCachedDigests(await cache?.read())
  const digests: string[] = []
  let isChanged = false
  for (const path of paths) {
    const { size: sizeBytes, mtimeMs: modifiedMs } = await stat(path)
    const before = cachedDigests.get(path)
    if (before?.sizeBytes === sizeBytes && before.modifiedMs === modifiedMs) {
      digests.push(before.sha256)
      continue
    }
    const sha256 = await hashFile(path)
    cachedDigests.set(path, { sizeBytes, modifiedMs, sha256 })
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
