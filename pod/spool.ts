import type { PodIdentity } from '../crds/run-config.ts'
import { type ReportKind, RunReport } from '../crds/run-report.ts'
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
}

/** Writes the report lines of one pod, durably and in order. */
export interface Spool {
  write(reports: readonly ReportBody[]): Promise<void>
}

const CAP_BYTES = 64 * 1024 * 1024
/** Once full, one step line in this many is kept. */
const THINNED_TO = 100

/** Complete lines of a spool; a line torn by a crash is left out. */
export function parseSpool(text: string): RunReport[] {
  const reports: RunReport[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    const parsed = safeParse(line)
    if (parsed !== undefined) reports.push(parsed)
  }
  return reports
}

function safeParse(line: string): RunReport | undefined {
  try {
    return RunReport.parse(JSON.parse(line))
  } catch {
    return undefined
  }
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
  const { storage, path, identity, now, monotonicMs, capBytes = CAP_BYTES } = options
  const before = await readOrEmpty(storage, path)
  let sequence = parseSpool(before).at(-1)?.sequence ?? 0
  let bytes = Buffer.byteLength(before)
  let isTorn = before !== '' && !before.endsWith('\n')
  let stepLines = 0

  const isKept = ({ kind }: ReportBody): boolean =>
    kind !== 'Step' || bytes < capBytes || stepLines++ % THINNED_TO === 0
  const lineOf = (body: ReportBody): string => {
    const { run, attempt, podUid } = identity
    const times = { wallTime: now().toISOString(), monotonicMs: monotonicMs() }
    const report = {
      schemaVersion: 1,
      run,
      attempt,
      podUid,
      sequence: ++sequence,
      ...body,
      ...times,
    }
    return `${JSON.stringify(report)}\n`
  }
  return {
    async write(reports) {
      const kept = reports.filter(isKept)
      if (kept.length === 0) return
      const text = (isTorn ? '\n' : '') + kept.map(lineOf).join('')
      await storage.append(path, text)
      isTorn = false
      bytes += Buffer.byteLength(text)
    },
  }
}
