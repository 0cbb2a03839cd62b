import { SpoolMark } from '../../contract/bus-messages.ts'
import type { AttemptAddress } from '../../contract/bus-names.ts'
import { type Storage, StorageError } from '../storage.ts'

/** The mark beside a spool; undefined where there is none, or where it cannot be read as one. Throws StorageError. */
export async function readSpoolMark(
  storage: Storage,
  path: string,
): Promise<SpoolMark | undefined> {
  try {
    const text = Buffer.from(await storage.read(path)).toString('utf8')
    return SpoolMark.parse(JSON.parse(text))
  } catch (error) {
    if (error instanceof StorageError && error.code !== 'NotFound') throw error
    return undefined
  }
}

export interface AckedSpool {
  readonly address: AttemptAddress
  readonly podUid: string
  readonly acked: number
}

/** Says durably where the reports of a spool go and how far they have got. Throws StorageError. */
export async function writeSpoolMark(
  storage: Storage,
  path: string,
  { address, podUid, acked }: AckedSpool,
): Promise<void> {
  const { namespace, runUid, task, attempt } = address
  const mark: SpoolMark = {
    schemaVersion: 1,
    namespace,
    runUid,
    task,
    attempt,
    podUid,
    acked,
  }
  await storage.writeAtomic(path, JSON.stringify(mark))
}

/** Makes a mark that says nothing has been shipped, unless there is one; how far the spool has been shipped. Throws StorageError. */
export async function ensureSpoolMark(
  storage: Storage,
  path: string,
  spool: Omit<AckedSpool, 'acked'>,
): Promise<number> {
  const mark = await readSpoolMark(storage, path)
  if (mark === undefined) await writeSpoolMark(storage, path, { ...spool, acked: 0 })
  return mark?.acked ?? 0
}
