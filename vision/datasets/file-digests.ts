import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

/** What was known of a file when its digest was computed. */
interface KnownDigest {
  readonly sizeBytes: number
  readonly modifiedMs: number
  readonly sha256: string
}

/** Where digests are remembered between processes; the text is JSON. */
export interface DigestMemory {
  read(): Promise<string | undefined>
  write(text: string): Promise<void>
}

async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** A memory that cannot be read is only slower, never wrong. */
function parseKnown(text: string | undefined): Map<string, KnownDigest> {
  try {
    return new Map(Object.entries(JSON.parse(text ?? '{}') as Record<string, KnownDigest>))
  } catch {
    return new Map()
  }
}

/** SHA-256 of each file, computed anew only where size or time of change differ from what is remembered. */
export async function digestFiles(
  paths: readonly string[],
  memory: DigestMemory | undefined,
): Promise<string[]> {
  const known = parseKnown(await memory?.read())
  const digests: string[] = []
  let isChanged = false
  for (const path of paths) {
    const { size: sizeBytes, mtimeMs: modifiedMs } = await stat(path)
    const before = known.get(path)
    if (before?.sizeBytes === sizeBytes && before.modifiedMs === modifiedMs) {
      digests.push(before.sha256)
      continue
    }
    const sha256 = await digestOfFile(path)
    known.set(path, { sizeBytes, modifiedMs, sha256 })
    digests.push(sha256)
    isChanged = true
  }
  if (isChanged) await memory?.write(JSON.stringify(Object.fromEntries(known)))
  return digests
}

/** One digest of a set of named parts, in order. */
export function manifestDigestOf(
  parts: readonly (readonly [name: string, digest: string])[],
): string {
  const hash = createHash('sha256')
  for (const [name, digest] of parts) hash.update(`${name}\0${digest}\n`)
  return hash.digest('hex')
}
