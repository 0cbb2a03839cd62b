import type { PodIdentity } from '../contract/run-config.ts'
import { type ReportKind, RunReport } from '../contract/run-report.ts'
import type { FileSource } from '../std/files/file-source.ts'
import type { Storage } from './storage.ts'
import { spoolFolder, spoolSegmentPath } from './storage-layout.ts'

export interface ReportBody {
  readonly kind: ReportKind
  readonly step: number
  readonly totalSteps: number
  readonly imagesSeen: number
  readonly metrics: Readonly<Record<string, number>>
  readonly message?: string
}

export interface SpoolOptions {
  readonly storage: Storage
  /** Folder of the attempt under the storage. */
  readonly attempt: string
  readonly identity: PodIdentity
  readonly now: () => Date
  readonly monotonicMs: () => number
  /** Step lines beyond this many bytes are thinned; results never are. */
  readonly capBytes?: number
  /** Receives every line as soon as it is durable. */
  readonly onWritten?: (reports: readonly RunReport[]) => void
}

/** Writes the report lines of one pod, durably and in order. */
export interface Spool {
  write(reports: readonly ReportBody[]): Promise<void>
}

const MAX_SPOOL_BYTES = 64 * 1024 * 1024
/**
 * A segment beyond this is never written again. Each write replaces the newest segment, so this
 * bounds the bytes of a write, and the number of objects that a reader has to fetch: 1,000 at most.
 */
const SEGMENT_BYTES = 64 * 1024
/** Once full, one step line in this many is written. */
const STEP_SAMPLING_INTERVAL = 100

/** The report lines of a text; lines that are no reports are left out. */
export function parseSpool(text: string): RunReport[] {
  return text.split('\n').flatMap(parseReport)
}

function parseReport(line: string): RunReport[] {
  try {
    return [RunReport.parse(JSON.parse(line))]
  } catch {
    return []
  }
}

/** The text of every segment of a spool, in order; none where there is no spool. */
async function readSegments(files: FileSource, attempt: string): Promise<readonly string[]> {
  const names = await files.list(spoolFolder(attempt))
  const segments: string[] = []
  // One after the other: a thousand at once would need as many open files.
  for (const name of names) {
    const bytes = await files.read(`${spoolFolder(attempt)}/${name}`)
    segments.push(Buffer.from(bytes).toString('utf8'))
  }
  return segments
}

/**
 * All reports that the pod of an attempt has written; none where it has no spool. Throws
 * StorageError.
 */
export async function readSpool(files: FileSource, attempt: string): Promise<RunReport[]> {
  return (await readSegments(files, attempt)).flatMap(parseSpool)
}

interface Segment {
  readonly number: number
  readonly text: string
}

/**
 * The segment to write for more lines: the newest one with them, or the next one where it is full.
 */
const addLines = ({ number, text }: Segment, lines: string): Segment =>
  Buffer.byteLength(text) < SEGMENT_BYTES
    ? { number, text: text + lines }
    : { number: number + 1, text: lines }

/** Opens the spool of a pod and continues after its last line. Throws StorageError. */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { storage, attempt, identity, now, monotonicMs, onWritten } = options
  const { capBytes = MAX_SPOOL_BYTES } = options
  const before = await readSegments(storage, attempt)
  let segment: Segment = { number: Math.max(1, before.length), text: before.at(-1) ?? '' }
  let sequence = before.flatMap(parseSpool).at(-1)?.sequence ?? 0
  let bytes = before.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  let stepLines = 0

  const shouldWrite = ({ kind }: ReportBody): boolean =>
    kind !== 'Step' || bytes < capBytes || stepLines++ % STEP_SAMPLING_INTERVAL === 0
  const toRunReport = (body: ReportBody, at: number): RunReport => ({
    schemaVersion: 1,
    run: identity.run,
    attempt: identity.attempt,
    podUid: identity.podUid,
    sequence: sequence + at + 1,
    ...body,
    metrics: { ...body.metrics },
    wallTime: now().toISOString(),
    monotonicMs: monotonicMs(),
  })
  return {
    async write(bodies) {
      const reports = bodies.filter(shouldWrite).map(toRunReport)
      if (reports.length === 0) return
      const lines = reports.map((report) => `${JSON.stringify(report)}\n`).join('')
      const next = addLines(segment, lines)
      await storage.put(spoolSegmentPath(attempt, next.number), next.text)
      segment = next
      sequence += reports.length
      bytes += Buffer.byteLength(lines)
      onWritten?.(reports)
    },
  }
}
