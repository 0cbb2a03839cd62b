import { readTextIfExists } from '../../pod/read-stored.ts'
import type { JournalFolder } from './journal-folder.ts'

/** Raised when a line that is not the last one cannot be read: nothing but damage does that. */
class JournalCorruptedError extends Error {
  readonly code = 'JournalDamaged'

  constructor(path: string, line: number, cause: unknown) {
    super(
      `${path}:${line}: the journal is damaged; start again with --fresh, or remove it: results are found again under their keys`,
      { cause },
    )
  }
}

type JournalEntry =
  | { readonly key: string; readonly value: unknown }
  | { readonly key: string; readonly removed: true }

/**
 * A map that survives a crash at any moment: every change is appended and synced before it counts.
 */
export interface Journal {
  readonly records: ReadonlyMap<string, unknown>
  readonly put: (key: string, value: unknown) => Promise<void>
  readonly remove: (key: string) => Promise<void>
}

/** Lines beyond this and twice the records are worth a rewrite. */
const COMPACTION_SLACK_LINES = 200

function applyEntry(records: Map<string, unknown>, entry: JournalEntry): void {
  if ('removed' in entry) records.delete(entry.key)
  else records.set(entry.key, entry.value)
}

/**
 * Reads what a journal holds. A torn last line is what a crash leaves, and counts as never written.
 */
export function replayJournal(text: string, path: string): Map<string, unknown> {
  const records = new Map<string, unknown>()
  const lines = text.split('\n')
  const last = lines.at(-1) === '' ? lines.length - 2 : lines.length - 1
  for (const [at, line] of lines.entries()) {
    if (line === '') continue
    try {
      applyEntry(records, JSON.parse(line) as JournalEntry)
    } catch (cause) {
      if (at === last) return records
      throw new JournalCorruptedError(path, at + 1, cause)
    }
  }
  return records
}

export const readJournalText = async (
  folder: Pick<JournalFolder, 'read'>,
  path: string,
): Promise<string> => (await readTextIfExists(folder, path)) ?? ''

const serializeRecords = (records: ReadonlyMap<string, unknown>): string =>
  [...records].map(([key, value]) => `${JSON.stringify({ key, value })}\n`).join('')

/** Opens a journal and rewrites it in its shortest form. Throws JournalDamaged, or StorageError. */
export async function openJournal(folder: JournalFolder, path: string): Promise<Journal> {
  const records = replayJournal(await readJournalText(folder, path), path)
  let lines = 0
  let mustCompact = true
  let tail: Promise<void> = Promise.resolve()

  const compact = async (): Promise<void> => {
    await folder.put(path, serializeRecords(records))
    lines = records.size
    mustCompact = false
  }
  const write = async (entry: JournalEntry): Promise<void> => {
    const before = records.get(entry.key)
    const existed = records.has(entry.key)
    applyEntry(records, entry)
    try {
      if (mustCompact || lines > 2 * records.size + COMPACTION_SLACK_LINES) return await compact()
      await folder.append(path, `${JSON.stringify(entry)}\n`)
      lines++
    } catch (error) {
      mustCompact = true
      if (existed) records.set(entry.key, before)
      else records.delete(entry.key)
      throw error
    }
  }
  const enqueueWrite = (entry: JournalEntry): Promise<void> => {
    const done = tail.then(() => write(entry))
    tail = done.catch(() => undefined)
    return done
  }
  await compact()
  return {
    records,
    put: (key, value) => enqueueWrite({ key, value }),
    remove: (key) => enqueueWrite({ key, removed: true }),
  }
}
