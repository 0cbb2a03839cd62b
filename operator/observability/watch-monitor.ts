import type { ReflectorObserver } from '../../kube/cache/reflector.ts'
import type { Log } from './log.ts'
import type { OperatorGauges } from './operator-gauges.ts'

export interface WatchMonitorOptions {
  readonly log: Log
  readonly gauges: OperatorGauges
  /** Unix time. */
  readonly nowMs: () => number
  /** Of a monotonic clock. */
  readonly monotonicMs: () => number
}

/** What is known of every watch: for metrics, for the log, and for the liveness probe. */
export interface WatchMonitor {
  createObserver(kind: string): ReflectorObserver
  /**
   * The kinds whose watch has neither received nor tried anything for so long that its loop must
   * have ended. A server that is away is tried again and again.
   */
  listDeadWatches(): readonly string[]
}

/**
 * A healthy watch receives a bookmark within two minutes; one that does not is tried again
 * within 30 s.
 */
const DEAD_WATCH_AFTER_MS = 600_000

export function createWatchMonitor({
  log,
  gauges,
  nowMs,
  monotonicMs,
}: WatchMonitorOptions): WatchMonitor {
  const lastActivityMs = new Map<string, number>()
  return {
    createObserver(kind) {
      const child = log.child({ watch: kind })
      const recordActivity = (): void => void lastActivityMs.set(kind, monotonicMs())
      let isFirst = true
      recordActivity()
      gauges.setLastWatchEvent(kind, undefined)
      return {
        received() {
          recordActivity()
          gauges.setLastWatchEvent(kind, nowMs())
        },
        listed(objects, durationMs) {
          recordActivity()
          child.info({ objects, durationMs }, 'objects listed')
        },
        watchStarted() {
          recordActivity()
          if (!isFirst) gauges.watchRestarted(kind)
          isFirst = false
        },
        failed(phase, error) {
          recordActivity()
          child.warn({ phase, error }, 'watch failed; it is tried again')
        },
      }
    },
    listDeadWatches: () =>
      [...lastActivityMs]
        .filter(([, atMs]) => monotonicMs() - atMs > DEAD_WATCH_AFTER_MS)
        .map(([kind]) => `watch of ${kind}`),
  }
}
