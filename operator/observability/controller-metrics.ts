import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { ReconcileOutcome, WorkQueueObserver } from '../../kube/queue/work-queue-observer.ts'

/** The results of a reconcile as controller-runtime labels them. */
const RESULT_BY_OUTCOME = {
  Done: 'success',
  Requeued: 'requeue_after',
  Failed: 'error',
} as const satisfies Record<ReconcileOutcome, string>

/** From 1 ms to 60 s. */
const SECONDS_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

interface ControllerInstruments {
  readonly reconciles: Counter
  readonly errors: Counter
  readonly reconcileSeconds: Histogram
  readonly depth: Gauge
  readonly adds: Counter
  readonly retries: Counter
  readonly queueSeconds: Histogram
  readonly workSeconds: Histogram
}

function createControllerInstruments(registry: Registry): ControllerInstruments {
  const registers = [registry]
  const controllerConfig = { labelNames: ['controller'], registers }
  const queueConfig = { labelNames: ['name'], registers }
  const timed = { buckets: SECONDS_BUCKETS }
  return {
    reconciles: new Counter({
      name: 'controller_runtime_reconcile_total',
      help: 'Rounds of a controller by how they ended.',
      labelNames: ['controller', 'result'],
      registers,
    }),
    errors: new Counter({
      ...controllerConfig,
      name: 'controller_runtime_reconcile_errors_total',
      help: 'Rounds of a controller that failed.',
    }),
    reconcileSeconds: new Histogram({
      ...controllerConfig,
      ...timed,
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'How long a reconcile takes.',
    }),
    depth: new Gauge({ ...queueConfig, name: 'workqueue_depth', help: 'Keys that wait.' }),
    adds: new Counter({
      ...queueConfig,
      name: 'workqueue_adds_total',
      help: 'Keys that began to wait.',
    }),
    retries: new Counter({
      ...queueConfig,
      name: 'workqueue_retries_total',
      help: 'Keys that are tried again after a failure.',
    }),
    queueSeconds: new Histogram({
      ...queueConfig,
      ...timed,
      name: 'workqueue_queue_duration_seconds',
      help: 'How long a key waits before it is worked on.',
    }),
    workSeconds: new Histogram({
      ...queueConfig,
      ...timed,
      name: 'workqueue_work_duration_seconds',
      help: 'How long a key is worked on.',
    }),
  }
}

/** Begins with zeros, so that the first failure is an increase and not a new series. */
function initializeToZero(
  { reconciles, errors, depth, adds, retries }: ControllerInstruments,
  name: string,
): void {
  for (const result of Object.values(RESULT_BY_OUTCOME))
    reconciles.inc({ controller: name, result }, 0)
  errors.inc({ controller: name }, 0)
  depth.set({ name }, 0)
  adds.inc({ name }, 0)
  retries.inc({ name }, 0)
}

/** Seconds since the time recorded for a key, which is deleted; 0 for one that is unknown. */
function takeElapsedSeconds(startTimes: Map<string, number>, key: string, nowMs: number): number {
  const sinceMs = startTimes.get(key) ?? nowMs
  startTimes.delete(key)
  return (nowMs - sinceMs) / 1000
}

/**
 * Adds the metrics that controller-runtime has, under its names. The observer of a controller is
 * made by its name and a monotonic clock in milliseconds.
 */
export function createControllerMetrics(
  registry: Registry,
): (name: string, monotonicMs: () => number) => WorkQueueObserver {
  const all = createControllerInstruments(registry)
  return (name, monotonicMs) => {
    const addedMs = new Map<string, number>()
    const startedMs = new Map<string, number>()
    initializeToZero(all, name)
    return {
      added(key) {
        addedMs.set(key, monotonicMs())
        all.adds.inc({ name })
        all.depth.set({ name }, addedMs.size)
      },
      started(key) {
        const nowMs = monotonicMs()
        startedMs.set(key, nowMs)
        all.queueSeconds.observe({ name }, takeElapsedSeconds(addedMs, key, nowMs))
        all.depth.set({ name }, addedMs.size)
      },
      ended(key, outcome) {
        const seconds = takeElapsedSeconds(startedMs, key, monotonicMs())
        all.workSeconds.observe({ name }, seconds)
        all.reconcileSeconds.observe({ controller: name }, seconds)
        all.reconciles.inc({ controller: name, result: RESULT_BY_OUTCOME[outcome] })
        if (outcome !== 'Failed') return
        all.errors.inc({ controller: name })
        all.retries.inc({ name })
      },
    }
  }
}
