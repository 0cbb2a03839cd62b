import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalDigest } from '../../pod/canonical-digest.ts'

async function listFilesUnder(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return []
  if (!found.isDirectory()) return [path]
  const names = await readdir(path, { recursive: true })
  return names.sort().map((name) => join(path, name))
}

/**
 * A digest of path, size and modification time of every file under these paths, to detect changes
 * without reading them.
 */
export async function computeInputFingerprint(paths: readonly string[]): Promise<string> {
  const files = (await Promise.all([...paths].sort().map(listFilesUnder))).flat()
  const entries = await Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs } = await stat(file)
      return [file, size, mtimeMs]
    }),
  )
  return canonicalDigest(entries)
}
