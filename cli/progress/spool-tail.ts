import type { PodIdentity } from '../../contract/run-config.ts'
import type { RunReport } from '../../contract/run-report.ts'
import { parseSpool } from '../../pod/spool.ts'
import { attemptFolder, RUNS_FOLDER, spoolSegmentPath } from '../../pod/storage-layout.ts'
import type { FileSource } from '../../std/files/file-source.ts'
import { ifExists } from '../../std/files/storage-error.ts'

/** A pod whose spool is followed: its attempt and UID name the folder, whatever its run key is. */
type FollowedPod = Pick<PodIdentity, 'attempt' | 'podUid'>

/** What has been read: all segments before this one, and so many bytes of it. */
interface TailPosition {
  readonly attempt: string
  readonly segment: number
  readonly offsetBytes: number
}

/** Follows the report lines of live pods on a storage. */
export interface SpoolTail {
  /** The reports that this pod has written since the last call; none while it has no spool. */
  readonly readNew: (pod: FollowedPod) => Promise<readonly RunReport[]>
}

async function findStart(
  files: FileSource,
  { attempt, podUid }: FollowedPod,
): Promise<TailPosition | undefined> {
  for (const runKey of await files.list(RUNS_FOLDER)) {
    const folder = attemptFolder(runKey, { attempt, podUid })
    if ((await files.stat(spoolSegmentPath(folder, 1))) === undefined) continue
    return { attempt: folder, segment: 1, offsetBytes: 0 }
  }
  return undefined
}

interface TailRead {
  readonly text: string
  readonly position: TailPosition
}

/**
 * A segment is only ever replaced by one that begins with its bytes, and is final once the next one
 * exists.
 */
async function readSegmentFrom(files: FileSource, position: TailPosition): Promise<TailRead> {
  const { attempt, segment, offsetBytes } = position
  const next = spoolSegmentPath(attempt, segment + 1)
  const isFinal = (await files.stat(next)) !== undefined
  const range = { beginByte: offsetBytes, endByte: Number.POSITIVE_INFINITY }
  const reading = files.readRange(spoolSegmentPath(attempt, segment), range)
  const bytes = (await ifExists(reading)) ?? new Uint8Array(0)
  return {
    text: Buffer.from(bytes).toString('utf8'),
    position: isFinal
      ? { attempt, segment: segment + 1, offsetBytes: 0 }
      : { attempt, segment, offsetBytes: offsetBytes + bytes.length },
  }
}

/**
 * Makes a reader that remembers how far each spool has been read. Lines that are no reports are
 * left out.
 */
export function createSpoolTail(files: FileSource): SpoolTail {
  const positions = new Map<string, TailPosition>()
  return {
    readNew: async (pod) => {
      let position = positions.get(pod.podUid) ?? (await findStart(files, pod))
      if (position === undefined) return []
      let text = ''
      for (let before = 0; before < position.segment; ) {
        before = position.segment
        const read = await readSegmentFrom(files, position)
        text += read.text
        position = read.position
      }
      positions.set(pod.podUid, position)
      return parseSpool(text)
    },
  }
}
