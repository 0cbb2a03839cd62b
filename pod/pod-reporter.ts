import { access } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { RunConfig } from '../contract/run-config.ts'
import type { RunReport } from '../contract/run-report.ts'
import { type Sleep, toBusLog } from './bus/bus-link.ts'
import { openNatsLink } from './bus/nats-link.ts'
import {
  buildAttemptAddress,
  buildLinkNames,
  createNoopBus,
  openPodBus,
  type PodBus,
  type PodBusOptions,
} from './bus/pod-bus.ts'
import type { Stall } from './check-for-stall.ts'
import { type CheckpointRequest, openCheckpointRequests } from './checkpoint-request.ts'
import { type MetricsServer, serveMetrics } from './metrics-server.ts'
import { createPodMetrics, type PodMetrics } from './pod-metrics.ts'
import { openSpool, type ReportBody, type Spool } from './spool.ts'
import { startStallWatchdog } from './stall-watchdog.ts'
import type { Storage } from './storage.ts'

/** All that a pod reports while it works, and what is requested of it meanwhile. */
export interface PodReporter {
  /**
   * The spool of this pod in the folder of its attempt; its reports also go to the bus and to
   * /metrics. Throws StorageError.
   */
  readonly openSpool: (storage: Storage, folder: string) => Promise<Spool>
  /** Takes each finished step, reported or not. */
  readonly stepped: (body: ReportBody) => void
  readonly checkpoints: CheckpointRequest
  /** Ships what is left, for a few seconds at most, and ends. */
  readonly close: () => Promise<void>
}

export interface PodReporterOptions {
  readonly program: 'trainer' | 'evaluator'
  readonly config: RunConfig
  readonly log: Logger
  /** Where /metrics listens. */
  readonly host: string
  readonly now: () => Date
  readonly monotonicMs: () => number
  /** Where the termination message of a pod that hangs goes; undefined where nobody reads it. */
  readonly terminationPath: string | undefined
  /** Called when the pod is later than its deadlines allow. */
  readonly onStall: (lateness: Stall) => void
}

const HEARTBEAT_INTERVAL_MS = 5000
const MAX_FLUSH_MS = 5000

const sleep: Sleep = (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => undefined)

/**
 * Starts what the config asks for: the bus, /metrics, the deadlines; without them there is the
 * spool alone.
 */
export async function openPodReporter(options: PodReporterOptions): Promise<PodReporter> {
  const { config, now, monotonicMs } = options
  const { identity, execution } = config
  const checkpoints = openCheckpointRequests(now)
  const bus = await openConfiguredBus(options, checkpoints)
  const metrics = createPodMetrics(identity, options.program, now)
  const server = await startMetricsServer(options, metrics)
  const stallWatchdog = startStallWatchdog({ ...options, limits: execution })
  const heartbeatTimer = setInterval(() => {
    metrics.unshipped(bus?.unshipped() ?? 0)
    void bus?.sendHeartbeat()
  }, HEARTBEAT_INTERVAL_MS).unref()
  const reported = (reports: readonly RunReport[]): void => {
    bus?.reported(reports)
    metrics.reported(reports)
    reports.forEach(stallWatchdog.reported)
  }
  return {
    async openSpool(storage, folder) {
      await bus?.startShipping(storage, folder)
      const attempt = folder
      return openSpool({ storage, attempt, identity, now, monotonicMs, onWritten: reported })
    },
    stepped(body) {
      bus?.stepped(body)
      metrics.stepped(body)
      stallWatchdog.reported({ ...body, kind: 'Step' })
    },
    checkpoints,
    async close() {
      clearInterval(heartbeatTimer)
      stallWatchdog.end()
      checkpoints.end()
      await closeWithin(bus, computeFlushMs(execution.gracePeriodSeconds))
      server?.close()
    },
  }
}

const computeFlushMs = (graceSeconds: number): number =>
  Math.min(MAX_FLUSH_MS, (graceSeconds * 1000) / 4)

async function closeWithin(bus: PodBus | undefined, limitMs: number): Promise<void> {
  if (bus === undefined) return
  const ending = new AbortController()
  const timer = globalThis.setTimeout(() => ending.abort(), limitMs)
  await bus.close(ending.signal)
  clearTimeout(timer)
}

/**
 * Undefined where none is asked for. NATS may have been taken out of the settings of the operator
 * since the config was written.
 */
async function openConfiguredBus(
  options: PodReporterOptions,
  checkpoints: PodBusOptions['checkpoints'],
): Promise<PodBus | undefined> {
  const { config, log } = options
  const { bus: settings } = config.execution
  if (settings === undefined || (await hasFile(settings.credentialsFile))) {
    return openConnectedBus(options, checkpoints)
  }
  const { credentialsFile: file } = settings
  log.warn({ file }, 'There are no NATS credentials: reports stay on the storage')
  return createNoopBus(buildAttemptAddress(settings, config.identity), config.identity.podUid)
}

const hasFile = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => code !== 'ENOENT',
  )

function openConnectedBus(
  { program, config, log, now }: PodReporterOptions,
  checkpoints: PodBusOptions['checkpoints'],
): PodBus | undefined {
  const { identity, execution } = config
  const settings = execution.bus
  if (settings === undefined) return undefined
  const busLog = toBusLog(log)
  const names = buildLinkNames(buildAttemptAddress(settings, identity), identity)
  const link = openNatsLink({ ...settings, ...names, sleep, log: busLog })
  const makesCheckpoints = program === 'trainer'
  return openPodBus({
    identity,
    settings,
    link,
    checkpoints,
    makesCheckpoints,
    now,
    sleep,
    log: busLog,
  })
}

/**
 * Undefined where none is asked for, or where the port is taken: that is no reason not to train.
 */
async function startMetricsServer(
  { config, host, log }: PodReporterOptions,
  { registry }: PodMetrics,
): Promise<MetricsServer | undefined> {
  const port = config.execution.metricsPort
  if (port === undefined) return undefined
  try {
    return await serveMetrics({ registry, host, port })
  } catch (error) {
    log.warn({ err: error, port }, 'Goes on without /metrics: its port cannot be listened on')
    return undefined
  }
}
