import * as z from 'zod'

/** Base64 characters of one line: what collects logs cuts lines at 16 KiB. */
const PART_CHARACTERS = 8192

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

/** The lines of a log that carry one file whole, whatever bytes it has; undefined bytes say that it is not there. */
export function fileLines(file: string, bytes: Uint8Array | undefined): readonly string[] {
  if (bytes === undefined) return [JSON.stringify({ file, isMissing: true })]
  const text = Buffer.from(bytes).toString('base64')
  const parts = Math.max(1, Math.ceil(text.length / PART_CHARACTERS))
  return Array.from({ length: parts }, (_, part) => {
    const base64 = text.slice(part * PART_CHARACTERS, (part + 1) * PART_CHARACTERS)
    return JSON.stringify({ file, part, parts, base64 } satisfies FileLine)
  })
}

/** The files that a log carries, by path; one that is missing, or of which a part is, is left out. Other lines are passed over. */
export function filesOfLog(log: string): ReadonlyMap<string, Uint8Array> {
  const parts = new Map<string, string[]>()
  const wanted = new Map<string, number>()
  for (const line of log.split('\n')) {
    const parsed = parseLine(line)
    if (parsed === undefined || 'isMissing' in parsed) continue
    const of = parts.get(parsed.file) ?? []
    of[parsed.part] = parsed.base64
    parts.set(parsed.file, of)
    wanted.set(parsed.file, parsed.parts)
  }
  const whole = [...parts].filter(([file, of]) => Object.keys(of).length === wanted.get(file))
  return new Map(whole.map(([file, of]) => [file, Buffer.from(of.join(''), 'base64')]))
}

function parseLine(line: string): FileLine | undefined {
  try {
    return FileLine.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}
