import { isEnded } from '../operator/core/conditions.ts'
import { openAuditLog } from '../test/cluster/operator/audit-log.ts'
import {
  createStudyOperators,
  type StudyOperator,
} from '../test/cluster/operator/study-operators.ts'
import { createInstantExecutor } from '../test/cluster/sweeps/instant-pods.ts'
import { instantSweep } from '../test/cluster/sweeps/instant-sweep.ts'
import { openStudyFixture, type StudyFixture } from '../test/cluster/sweeps/study-fixture.ts'
import { ensureComponents } from '../test/cluster/testbed/ensure-components.ts'
import { startTestbed, type Testbed } from '../test/cluster/testbed/testbed.ts'
import { connectTestbed, toTestbedInfo } from '../test/cluster/testbed/testbed-info.ts'
import { failIfEnded } from '../test/cluster/testbed/testbed-process.ts'
import { waitUntil } from '../test/cluster/testbed/wait-until.ts'
import { computeEventToWriteMs, isRunStatus } from './event-to-write.ts'
import { type CatchUpRow, measureCatchUp } from './operator-catch-up.ts'

const NAME = 'bench'
const POINTS = 300
const PARALLELISM = 64
/** As in production: a leader on a loaded machine must not lose its Lease. */
const LEASE = { durationSeconds: 15, renewSeconds: 10, retrySeconds: 2 }
const POLL_INTERVAL_MS = 1000
/** As Prometheus does: the lag covers the time between two scrapes. */
const POLLS_PER_SCRAPE = 15
const SWEEP_TIMEOUT_MS = 900_000

export interface OperatorRow {
  readonly benchmark: string
  /** Statuses of runs that changed, each written to the API server. */
  readonly transitions: number
  readonly seconds: number
  readonly transitions_per_s: number
  readonly transitions_in_busiest_s: number
  /** Per CPU second of the operator: its limit if everything else were infinitely fast. */
  readonly transitions_per_operator_cpu_s: number
  /** From a pod's end at the API server to the run's status that records it. */
  readonly event_to_write_p50_ms: number
  readonly event_to_write_p99_ms: number
  /** Maxima. */
  readonly heap_bytes: number
  readonly loop_lag_p99_ms: number
}

/** 300 points on a real control plane, with scripted pods: throughput and load of the operator. */
export async function measureOperator(): Promise<readonly [OperatorRow, CatchUpRow]> {
  const components = await ensureComponents((line) => process.stderr.write(`${line}\n`))
  if (components.kind === 'Missing') throw new Error(components.lines.join('\n'))
  const testbed = await startTestbed({ programs: components.paths, log: () => undefined })
  try {
    return await measureOnTestbed(testbed)
  } finally {
    await testbed.close()
  }
}

async function measureOnTestbed(running: Testbed): Promise<readonly [OperatorRow, CatchUpRow]> {
  const testbed = connectTestbed(toTestbedInfo(running))
  const fixture = await openStudyFixture(testbed, {
    name: NAME,
    executor: createInstantExecutor(),
    gpusPerNode: POINTS,
    deployment: false,
    values: { lease: LEASE },
  })
  const operators = createStudyOperators(testbed, fixture)
  try {
    const operator = await operators.start(NAME)
    await operator.waitForLine('controllers started')
    const before = await scrape(operator)
    await fixture.apply(
      instantSweep({ name: NAME, points: POINTS, replicates: 1, parallelism: PARALLELISM }),
    )
    const seen = await failIfEnded(operator.process, watchToEnd(fixture, operator))
    const entries = await openAuditLog(testbed.auditLog, fixture.namespace).read()
    await operators.lose(operator)
    return [
      buildOperatorRow(entries, before, seen),
      await measureCatchUp(testbed, fixture, operators),
    ]
  } finally {
    await operators.close()
    await fixture.close()
  }
}

interface Scrape {
  readonly cpuSeconds: number
  readonly heapBytes: number
  readonly lagP99Seconds: number
}

async function scrape(operator: StudyOperator): Promise<Scrape> {
  const { text } = await operator.get('metrics', '/metrics')
  const exported = (series: string): number => {
    const line = text.split('\n').find((one) => one.startsWith(`${series} `))
    if (line === undefined) throw new Error(`the operator exports no ${series}`)
    return Number(line.slice(series.length))
  }
  return {
    cpuSeconds: exported('process_cpu_seconds_total'),
    heapBytes: exported('nodejs_heap_used_bytes'),
    lagP99Seconds: exported('neco_event_loop_lag_seconds{statistic="p99"}'),
  }
}

/** Scrapes the operator until the sweep has ended. */
async function watchToEnd(fixture: StudyFixture, operator: StudyOperator): Promise<Scrape[]> {
  const seen: Scrape[] = []
  let polls = 0
  await waitUntil({
    what: 'the end of the sweep',
    withinMs: SWEEP_TIMEOUT_MS,
    everyMs: POLL_INTERVAL_MS,
    look: async () => {
      polls++
      if (polls % POLLS_PER_SCRAPE === 0) seen.push(await scrape(operator))
      const { status } = await fixture.sweep(NAME)
      return isEnded(status?.conditions) || undefined
    },
  })
  seen.push(await scrape(operator))
  return seen
}

/** The quantile of a share in [0, 1]. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
}

/** The largest number of these times (ms) within one second of the clock. */
const busiestSecond = (times: readonly number[]): number =>
  Math.max(
    ...[...Map.groupBy(times, (ms) => Math.floor(ms / 1000)).values()].map((group) => group.length),
  )

type Entries = Parameters<typeof computeEventToWriteMs>[0]

function buildOperatorRow(entries: Entries, before: Scrape, seen: readonly Scrape[]): OperatorRow {
  const written = entries.filter(isRunStatus)
  const times = written.map(({ answeredMs }) => answeredMs)
  const seconds = (Math.max(...times) - Math.min(...times)) / 1000
  const delays = computeEventToWriteMs(entries)
  return {
    benchmark: `${POINTS} points with an evaluation each, parallelism ${PARALLELISM}`,
    transitions: written.length,
    seconds,
    transitions_per_s: written.length / seconds,
    transitions_in_busiest_s: busiestSecond(times),
    transitions_per_operator_cpu_s:
      written.length / ((seen.at(-1)?.cpuSeconds ?? Number.NaN) - before.cpuSeconds),
    event_to_write_p50_ms: quantile(delays, 0.5),
    event_to_write_p99_ms: quantile(delays, 0.99),
    heap_bytes: Math.max(...seen.map(({ heapBytes }) => heapBytes)),
    loop_lag_p99_ms: Math.max(...seen.map(({ lagP99Seconds }) => lagP99Seconds)) * 1000,
  }
}
