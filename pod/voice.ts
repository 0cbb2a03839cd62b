import { access } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { RunConfig } from '../crds/run-config.ts'
import type { RunReport } from '../crds/run-report.ts'
import type { BusLog, Sleep } from './bus/bus-link.ts'
import { muteBus } from './bus/mute-bus.ts'
import { openNatsLink } from './bus/nats-link.ts'
import { addressOf, linkNames, openPodBus, type PodBus, type PodBusOptions } from './bus/pod-bus.ts'
import { type CheckpointWish, openCheckpointWishes } from './checkpoint-wish.ts'
import type { Lateness } from './deadlines.ts'
import { type MetricsServer, serveMetrics } from './metrics-server.ts'
import { judgePace } from './pace.ts'
import { type PodMetrics, podMetrics } from './pod-metrics.ts'
import { openSpool, type ReportBody, type Spool } from './spool.ts'
import type { Storage } from './storage.ts'
import { spoolPath } from './storage-layout.ts'

/** All that a pod says while it works, and what it is asked meanwhile. */
export interface PodVoice {
  /** The spool of this pod in the folder of its attempt; its reports also go to the bus and to /metrics. Throws StorageError. */
  readonly openSpool: (storage: Storage, folder: string) => Promise<Spool>
  /** Hears of each finished step, reported or not. */
  readonly stepped: (body: ReportBody) => void
  readonly checkpoints: CheckpointWish
  /** Aborted when the operator asks the pod to stop. */
  readonly stopped: AbortSignal
  /** Ships what is left, for a few seconds at most, and falls silent. */
  readonly close: () => Promise<void>
}

export interface VoiceOptions {
  readonly program: 'trainer' | 'evaluator'
  readonly config: RunConfig
  readonly log: Logger
  /** Where /metrics listens. */
  readonly host: string
  readonly now: () => Date
  readonly monotonicMs: () => number
  /** Where the last words of a pod that hangs go; undefined where nobody reads them. */
  readonly terminationPath: string | undefined
  /** Called when the pod is later than its deadlines allow. */
  readonly late: (lateness: Lateness) => void
}

const BEAT_EVERY_MS = 5000
const LONGEST_FLUSH_MS = 5000

const sleep: Sleep = (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => undefined)

/** Starts what the config asks for: the bus, /metrics, the deadlines; without them there is the spool alone. */
export async function openVoice(options: VoiceOptions): Promise<PodVoice> {
  const { config, now, monotonicMs } = options
  const { identity, execution } = config
  const stopping = new AbortController()
  const checkpoints = openCheckpointWishes(now)
  const bus = await busOf(options, { checkpoints, stop: (why) => stopping.abort(why) })
  const metrics = podMetrics(identity, options.program, now)
  const server = await metricsServer(options, metrics)
  const pace = judgePace({ ...options, limits: execution })
  const beating = setInterval(() => {
    metrics.unshipped(bus?.unshipped() ?? 0)
    void bus?.beat()
  }, BEAT_EVERY_MS).unref()
  const reported = (reports: readonly RunReport[]): void => {
    bus?.reported(reports)
    metrics.reported(reports)
    reports.forEach(pace.said)
  }
  return {
    async openSpool(storage, folder) {
      await bus?.shipFrom(storage, folder)
      const path = spoolPath(folder)
      return openSpool({ storage, path, identity, now, monotonicMs, written: reported })
    },
    stepped(body) {
      bus?.stepped(body)
      metrics.stepped(body)
      pace.said({ ...body, kind: 'Step' })
    },
    checkpoints,
    stopped: stopping.signal,
    async close() {
      clearInterval(beating)
      pace.end()
      checkpoints.end()
      await closeWithin(bus, flushMs(execution.gracePeriodSeconds))
      server?.close()
    },
  }
}

const flushMs = (graceSeconds: number): number =>
  Math.min(LONGEST_FLUSH_MS, (graceSeconds * 1000) / 4)

async function closeWithin(bus: PodBus | undefined, limitMs: number): Promise<void> {
  if (bus === undefined) return
  const ending = new AbortController()
  const timer = globalThis.setTimeout(() => ending.abort(), limitMs)
  await bus.close(ending.signal)
  clearTimeout(timer)
}

/** Undefined where none is asked for. NATS may have been taken out of the settings of the operator since the config was written. */
async function busOf(
  options: VoiceOptions,
  asked: Pick<PodBusOptions, 'checkpoints' | 'stop'>,
): Promise<PodBus | undefined> {
  const { config, log } = options
  const { bus: settings } = config.execution
  if (settings === undefined || (await isThere(settings.credentialsFile))) {
    return liveBusOf(options, asked)
  }
  const { credentialsFile: file } = settings
  log.warn({ file }, 'There are no NATS credentials: reports stay on the storage')
  return muteBus(addressOf(settings, config.identity), config.identity.podUid)
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => code !== 'ENOENT',
  )

function liveBusOf(
  { program, config, log, now }: VoiceOptions,
  asked: Pick<PodBusOptions, 'checkpoints' | 'stop'>,
): PodBus | undefined {
  const { identity, execution } = config
  const settings = execution.bus
  if (settings === undefined) return undefined
  const say: BusLog = {
    info: (message, data) => log.info(data, message),
    warn: (message, data) => log.warn(data, message),
  }
  const names = linkNames(addressOf(settings, identity), identity)
  const link = openNatsLink({ ...settings, ...names, sleep, log: say })
  const makesCheckpoints = program === 'trainer'
  return openPodBus({ identity, settings, link, ...asked, makesCheckpoints, now, sleep, log: say })
}

/** Undefined where none is asked for, or where the port is taken: that is no reason not to train. */
async function metricsServer(
  { config, host, log }: VoiceOptions,
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
