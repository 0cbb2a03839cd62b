import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { RunReport } from '../../contract/run-report.ts'

/** A pod whose spool is followed: its attempt and UID name the folder, whatever its run key is. */
interface FollowedPod {
  readonly attempt: number
  readonly podUid: string
}

interface TailPosition {
  readonly path: string
  readonly offset: number
}

/** Follows the report lines of live pods under a storage folder. */
export interface SpoolTail {
  /** The complete lines that this pod has written since the last call; none while it has no spool. */
  readonly readNew: (pod: FollowedPod) => Promise<readonly RunReport[]>
}

async function readFrom(path: string, offset: number): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const bytes = Buffer.alloc(Math.max(0, size - offset))
    const { bytesRead } = await file.read(bytes, 0, bytes.length, offset)
    return bytes.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

function parseReportLine(line: string): RunReport[] {
  try {
    const parsed = RunReport.safeParse(JSON.parse(line))
    return parsed.success ? [parsed.data] : []
  } catch {
    return []
  }
}

async function findSpoolPath(
  storage: string,
  { attempt, podUid }: FollowedPod,
): Promise<string | undefined> {
  const runs = join(storage, 'runs')
  for (const key of await readdir(runs).catch(() => [])) {
    const path = join(runs, key, 'attempts', `${attempt}-${podUid}`, 'spool.ndjson')
    const found = await readFrom(path, 0).catch(() => undefined)
    if (found !== undefined) return path
  }
  return undefined
}

/** Makes a reader that remembers how far each spool has been read. Lines that are no reports are left out. */
export function createSpoolTail(storage: string): SpoolTail {
  const positions = new Map<string, TailPosition>()
  const findTailPosition = async (pod: FollowedPod): Promise<TailPosition | undefined> => {
    const known = positions.get(pod.podUid)
    if (known !== undefined) return known
    const path = await findSpoolPath(storage, pod)
    return path === undefined ? undefined : { path, offset: 0 }
  }
  return {
    readNew: async (pod) => {
      const position = await findTailPosition(pod)
      if (position === undefined) return []
      const { path, offset } = position
      const bytes = await readFrom(path, offset).catch(() => Buffer.alloc(0))
      const end = bytes.lastIndexOf(0x0a) + 1
      positions.set(pod.podUid, { ...position, offset: offset + end })
      return bytes.subarray(0, end).toString('utf8').split('\n').flatMap(parseReportLine)
    },
  }
}
