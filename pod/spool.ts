import type { PodIdentity } from '../contract/run-config.ts'
import { type ReportKind, RunReport } from '../contract/run-report.ts'
import { type Storage, StorageError } from './storage.ts'

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
  readonly path: string
  readonly identity: PodIdentity
  readonly now: () => Date
  readonly monotonicMs: () => number
  /** Step lines beyond this many bytes are thinned; results never are. */
  readonly capBytes?: number
  /** Hears of every line as soon as it is durable. */
  readonly onWritten?: (reports: readonly RunReport[]) => void
}

/** Writes the report lines of one pod, durably and in order. */
export interface Spool {
  write(reports: readonly ReportBody[]): Promise<void>
}

const MAX_SPOOL_BYTES = 64 * 1024 * 1024
/** Once full, one step line in this many is kept. */
const STEP_SAMPLING_INTERVAL = 100

/** Complete lines of a spool; a line torn by a crash is left out. */
export function parseSpool(text: string): RunReport[] {
  const reports: RunReport[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    const parsed = parseReport(line)
    if (parsed !== undefined) reports.push(parsed)
  }
  return reports
}

function parseReport(line: string): RunReport | undefined {
  try {
    return RunReport.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}

/** The complete lines of a spool; none where there is no file. Throws StorageError. */
export async function readSpool(storage: Storage, path: string): Promise<RunReport[]> {
  return parseSpool(await readOrEmpty(storage, path))
}

async function readOrEmpty(storage: Storage, path: string): Promise<string> {
  try {
    return Buffer.from(await storage.read(path)).toString('utf8')
  } catch (error) {
    if (error instanceof StorageError && error.code === 'NotFound') return ''
    throw error
  }
}

/** Opens the spool of a pod and goes on after its last complete line. */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const {
    storage,
    path,
    identity,
    now,
    monotonicMs,
    capBytes = MAX_SPOOL_BYTES,
    onWritten,
  } = options
  const before = await readOrEmpty(storage, path)
  let sequence = parseSpool(before).at(-1)?.sequence ?? 0
  let bytes = Buffer.byteLength(before)
  let isTorn = before !== '' && !before.endsWith('\n')
  let stepLines = 0

  const shouldWrite = ({ kind }: ReportBody): boolean =>
    kind !== 'Step' || bytes < capBytes || stepLines++ % STEP_SAMPLING_INTERVAL === 0
  const toRunReport = (body: ReportBody): RunReport => ({
    schemaVersion: 1,
    run: identity.run,
    attempt: identity.attempt,
    podUid: identity.podUid,
    sequence: ++sequence,
    ...body,
    metrics: { ...body.metrics },
    wallTime: now().toISOString(),
    monotonicMs: monotonicMs(),
  })
  return {
    async write(bodies) {
      const retained = bodies.filter(shouldWrite)
      if (retained.length === 0) return
      const reports = retained.map(toRunReport)
      const lines = reports.map((report) => `${JSON.stringify(report)}\n`)
      const text = (isTorn ? '\n' : '') + lines.join('')
      await storage.append(path, text)
      isTorn = false
      bytes += Buffer.byteLength(text)
      onWritten?.(reports)
    },
  }
}
