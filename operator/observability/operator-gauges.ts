import { Counter, Gauge, type Registry } from 'prom-client'
import type { BusState } from '../../contract/bus-state.ts'

/** How much later than asked timers fired since the last sample, in seconds. */
export interface EventLoopLag {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** What the process uses, read at a scrape. */
export interface ProcessUsage {
  readonly residentBytes: number
  readonly heapUsedBytes: number
  readonly cpuSeconds: number
  readonly startSeconds: number
}

/** Metrics of the process itself; those of its controllers are in controller-metrics.ts. */
export interface OperatorGauges {
  /** One try of a request to the API server; status 0 where no answer came. */
  countRequest(request: { readonly verb: string; readonly status: number }): void
  setLeader(lease: string, isLeader: boolean): void
  /** `lastEventMs` is the Unix time of the last byte of a watch; undefined before the first. */
  setLastWatchEvent(kind: string, lastEventMs: number | undefined): void
  watchRestarted(kind: string): void
  setBusState(state: BusState): void
  reportReceived(): void
  setEventLoopLag(lag: EventLoopLag): void
  setProcessUsage(usage: ProcessUsage): void
}

/** Adds the metrics of the process, of its requests, watches, lease and bus. */
export function createOperatorGauges(registry: Registry): OperatorGauges {
  const registers = [registry]
  const { setBusState, reportReceived } = createBusMetrics(registry)
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server by HTTP status and verb; the code is <error> where no answer came.',
    labelNames: ['code', 'method'],
    registers,
  })
  const leader = new Gauge({
    name: 'leader_election_master_status',
    help: '1 where this process holds the Lease, else 0.',
    labelNames: ['name'],
    registers,
  })
  const { setLastWatchEvent, watchRestarted } = createWatchMetrics(registry)
  return {
    countRequest: ({ verb, status }) =>
      requests.inc({ code: status === 0 ? '<error>' : String(status), method: verb }),
    setLeader: (name, isLeader) => leader.set({ name }, isLeader ? 1 : 0),
    setLastWatchEvent,
    watchRestarted,
    setBusState,
    reportReceived,
    ...createProcessMetrics(registry),
  }
}

function createWatchMetrics(
  registry: Registry,
): Pick<OperatorGauges, 'setLastWatchEvent' | 'watchRestarted'> {
  const registers = [registry]
  const lastEvent = new Gauge({
    name: 'neco_watch_last_event_timestamp_seconds',
    help: 'When a watch last received anything, bookmarks included, Unix time.',
    labelNames: ['kind'],
    registers,
  })
  const restarts = new Counter({
    name: 'neco_watch_restarts_total',
    help: 'Times that a watch was started again.',
    labelNames: ['kind'],
    registers,
  })
  return {
    setLastWatchEvent: (kind, lastEventMs) => {
      restarts.inc({ kind }, 0)
      if (lastEventMs !== undefined) lastEvent.set({ kind }, lastEventMs / 1000)
    },
    watchRestarted: (kind) => restarts.inc({ kind }),
  }
}

function createBusMetrics(
  registry: Registry,
): Pick<OperatorGauges, 'setBusState' | 'reportReceived'> {
  const registers = [registry]
  const connected = new Gauge({
    name: 'neco_bus_connected',
    help: '1 while NATS can be reached, 0 while it cannot or where none is configured.',
    registers,
  })
  const reports = new Counter({
    name: 'neco_reports_received_total',
    help: 'Heartbeats of pods received over NATS; each carries the newest report.',
    registers,
  })
  return {
    setBusState: (state) => connected.set(state === 'Connected' ? 1 : 0),
    reportReceived: () => reports.inc(),
  }
}

function createProcessMetrics(
  registry: Registry,
): Pick<OperatorGauges, 'setEventLoopLag' | 'setProcessUsage'> {
  const registers = [registry]
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers })
  const lag = new Gauge({
    name: 'neco_event_loop_lag_seconds',
    help: 'How much later than asked timers fire, since the last scrape.',
    labelNames: ['statistic'],
    registers,
  })
  const resident = gauge('process_resident_memory_bytes', 'Resident memory of the process.')
  const heap = gauge('nodejs_heap_used_bytes', 'Heap of JavaScript objects in use.')
  const started = gauge('process_start_time_seconds', 'When the process started, Unix time.')
  const cpu = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system time that the process has used.',
    registers,
  })
  let spentSeconds = 0
  return {
    setEventLoopLag: (seconds) => {
      for (const [statistic, value] of Object.entries(seconds)) lag.set({ statistic }, value)
    },
    setProcessUsage: ({ residentBytes, heapUsedBytes, cpuSeconds, startSeconds }) => {
      resident.set(residentBytes)
      heap.set(heapUsedBytes)
      started.set(startSeconds)
      cpu.inc(Math.max(0, cpuSeconds - spentSeconds))
      spentSeconds = cpuSeconds
    },
  }
}
