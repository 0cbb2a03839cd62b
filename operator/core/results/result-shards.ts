import type { NeCoRun } from '../../../crds/necorun.ts'
import type { Assignment } from '../../../search/search-method.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { findCondition } from '../conditions.ts'
import { readRecordedAssignment } from '../sweep/assignment.ts'
import { readRunIndex } from '../sweep/build-sweep-run.ts'

type MetricValues = Readonly<Record<string, number>>

/** What a results table holds of one run that has ended. */
export interface ResultRow {
  readonly point: number
  readonly replicate: number
  readonly run: string
  /** Absent for a run that was created before assignments were recorded. */
  readonly assignment?: Assignment
  readonly verdict: 'Succeeded' | 'Failed'
  readonly cause?: string
  readonly runKey?: string
  readonly metrics: MetricValues
  readonly evaluations: readonly {
    readonly name: string
    readonly at: number
    readonly metrics: MetricValues
  }[]
}

/** Some rows of a sweep, one line of JSON each, small enough for one ConfigMap. */
export interface ResultShard {
  /** `0`, or `0-1` for what did not fit; unique in the sweep. */
  readonly id: string
  readonly rows: number
  readonly text: string
}

export interface ShardOptions {
  readonly replicates: number
  /**
   * Runs of one shard, by their number: a run that ends late changes only its own shard. 200 by
   * default.
   */
  readonly rowsPerShard?: number
  /**
   * UTF-8 bytes of one shard at most. 480 KiB by default: etcd limits an object to 1.5 MiB, and
   * Kubernetes a ConfigMap to 1 MiB.
   */
  readonly maxBytes?: number
}

const ROWS_PER_SHARD = 200
const MAX_BYTES = 480 * 1024

const findTrueReason = (
  run: NeCoRun,
  type: 'Complete' | 'Failed' | 'Stalled',
): string | undefined => {
  const condition = findCondition(run.status?.conditions, type)
  return condition?.status === 'True' ? condition.reason : undefined
}

/** By name, so that equal results are equal text. */
const sortMetricsByName = (measures: MetricValues = {}): MetricValues =>
  Object.fromEntries(Object.entries(measures).sort(([a], [b]) => (a < b ? -1 : 1)))

/** The row of a run; undefined until it has ended, and for one that no sweep created. */
export function toResultRow(run: NeCoRun): ResultRow | undefined {
  const index = readRunIndex(run)
  const cause = findTrueReason(run, 'Failed') ?? findTrueReason(run, 'Stalled')
  const hasEnded = cause !== undefined || findTrueReason(run, 'Complete') !== undefined
  if (index === undefined || !hasEnded) return undefined
  const { runKey, metrics, evaluations = [] } = run.status ?? {}
  return {
    point: index.point,
    replicate: index.replicate,
    run: run.metadata.name,
    ...omitUndefined({ assignment: readRecordedAssignment(run) }),
    verdict: cause === undefined ? 'Succeeded' : 'Failed',
    ...omitUndefined({ cause, runKey }),
    metrics: sortMetricsByName(metrics),
    evaluations: evaluations
      .map(({ name, at, metrics: measured }) => ({
        name,
        at,
        metrics: sortMetricsByName(measured),
      }))
      .sort((a, b) => (a.name === b.name ? a.at - b.at : a.name < b.name ? -1 : 1)),
  }
}

const encoder = new TextEncoder()
const countUtf8Bytes = (text: string): number => encoder.encode(text).length

/** Lines in parts that are small enough, in their order. */
function splitLinesBySize(lines: readonly string[], maxBytes: number): string[][] {
  const parts: string[][] = []
  let remainingBytes = 0
  for (const line of lines) {
    const bytes = countUtf8Bytes(line)
    const last = parts.at(-1)
    if (last === undefined || bytes > remainingBytes) {
      parts.push([line])
      remainingBytes = maxBytes - bytes
    } else {
      last.push(line)
      remainingBytes -= bytes
    }
  }
  return parts
}

/**
 * The results of a sweep, by run number: a cache that can be rebuilt from its runs, and is equal
 * for equal runs in any order.
 */
export function buildResultShards(runs: readonly NeCoRun[], options: ShardOptions): ResultShard[] {
  const { replicates, rowsPerShard = ROWS_PER_SHARD, maxBytes = MAX_BYTES } = options
  const toRunNumber = ({ point, replicate }: ResultRow): number => point * replicates + replicate
  const rows = runs
    .flatMap((run) => toResultRow(run) ?? [])
    .sort((a, b) => toRunNumber(a) - toRunNumber(b))
  const buckets = Map.groupBy(rows, (row) => Math.floor(toRunNumber(row) / rowsPerShard))
  return [...buckets].flatMap(([bucket, members]) => {
    const lines = members.map((row) => `${JSON.stringify(row)}\n`)
    return splitLinesBySize(lines, maxBytes).map((part, index) => ({
      id: index === 0 ? String(bucket) : `${bucket}-${index}`,
      rows: part.length,
      text: part.join(''),
    }))
  })
}
