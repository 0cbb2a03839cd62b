import * as z from 'zod'

/** Base64 characters of one line: what collects logs cuts lines at 16 KiB. */
const CHARACTERS_PER_PART = 8192

const FileLine = z.union([
  z.strictObject({
    file: z.string(),
    part: z.int().min(0),
    parts: z.int().min(1),
    base64: z.string(),
  }),
  z.strictObject({ file: z.string(), isMissing: z.literal(true) }),
])
type FileLine = z.infer<typeof FileLine>

/**
 * The lines of a log that carry one file whole, whatever bytes it has; undefined bytes say that it
 * is not there.
 */
export function toFileLines(file: string, bytes: Uint8Array | undefined): readonly string[] {
  if (bytes === undefined) return [JSON.stringify({ file, isMissing: true })]
  const text = Buffer.from(bytes).toString('base64')
  const parts = Math.max(1, Math.ceil(text.length / CHARACTERS_PER_PART))
  return Array.from({ length: parts }, (_, part) => {
    const base64 = text.slice(part * CHARACTERS_PER_PART, (part + 1) * CHARACTERS_PER_PART)
    return JSON.stringify({ file, part, parts, base64 } satisfies FileLine)
  })
}

/**
 * The files that a log carries, by path; one that is missing, or of which a part is, is left out.
 * Other lines are passed over.
 */
export function parseFilesFromLog(log: string): ReadonlyMap<string, Uint8Array> {
  const parts = new Map<string, string[]>()
  const expectedParts = new Map<string, number>()
  for (const line of log.split('\n')) {
    const parsed = parseLine(line)
    if (parsed === undefined || 'isMissing' in parsed) continue
    const chunks = parts.get(parsed.file) ?? []
    chunks[parsed.part] = parsed.base64
    parts.set(parsed.file, chunks)
    expectedParts.set(parsed.file, parsed.parts)
  }
  const complete = [...parts].filter(
    ([file, chunks]) => Object.keys(chunks).length === expectedParts.get(file),
  )
  return new Map(complete.map(([file, chunks]) => [file, Buffer.from(chunks.join(''), 'base64')]))
}

function parseLine(line: string): FileLine | undefined {
  try {
    return FileLine.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}
