import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { EventLoopLag } from './operator-gauges.ts'

const RESOLUTION_MS = 10
const NANOSECONDS = 1e9

/** Measures from now on how late timers fire. */
export interface EventLoopLagMonitor {
  /** The lag since the last call. */
  sample(): EventLoopLag
  close(): void
}

/** Starts a meter that samples every 10 ms; it does not keep the process alive. */
export function startEventLoopLagMonitor(): EventLoopLagMonitor {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  // The histogram holds the time between two samples, not how late the second was.
  const toLagSeconds = (nanoseconds: number): number =>
    Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1000) : 0
  return {
    sample() {
      const lag = {
        p50: toLagSeconds(histogram.percentile(50)),
        p99: toLagSeconds(histogram.percentile(99)),
        max: toLagSeconds(histogram.max),
      }
      histogram.reset()
      return lag
    },
    close: () => void histogram.disable(),
  }
}
