import { checkForStall, type Stall, type StallLimits } from './check-for-stall.ts'
import { type HangWatchdog, startHangWatchdog } from './hang-watchdog.ts'
import type { ReportBody } from './spool.ts'
import { buildFailureTermination } from './termination-message.ts'

export interface StallWatchdogOptions {
  readonly program: 'trainer' | 'evaluator'
  readonly limits: StallLimits
  readonly monotonicMs: () => number
  readonly terminationPath: string | undefined
  /** Called while the main thread still lives. */
  readonly onStall: (lateness: Stall) => void
}

/** Hears of the steps of a pod and calls when they fail to come. */
export interface StallWatchdog {
  reported(body: Pick<ReportBody, 'kind' | 'step' | 'totalSteps'>): void
  end(): void
}

const STALL_CHECK_INTERVAL_MS = 1000
const NOOP_STALL_WATCHDOG: StallWatchdog = { reported: () => undefined, end: () => undefined }

/** Judges a trainer from now until its last step; the operator judges evaluators. */
export function startStallWatchdog(options: StallWatchdogOptions): StallWatchdog {
  const { program, limits, monotonicMs, onStall: late } = options
  const { firstStepSeconds, stallSeconds } = limits
  const isLimited = firstStepSeconds !== undefined || stallSeconds !== undefined
  if (program === 'evaluator' || !isLimited) return NOOP_STALL_WATCHDOG
  const watch = startHangWatchdog(options)
  const startedMs = monotonicMs()
  let lastStepMs: number | undefined
  const check = (): void => {
    const stepTimes = { startedMs, lastStepMs }
    const found = checkForStall(stepTimes, limits, monotonicMs())
    if (found !== undefined) late(found)
    feedHangWatchdog(watch, stepTimes.lastStepMs === undefined, limits)
  }
  feedHangWatchdog(watch, true, limits)
  const timer = setInterval(check, STALL_CHECK_INTERVAL_MS).unref()
  const end = (): void => {
    clearInterval(timer)
    void watch.close()
  }
  return {
    reported({ kind, step, totalSteps }) {
      if (kind === 'Step' || kind === 'Checkpoint') {
        lastStepMs = monotonicMs()
        feedHangWatchdog(watch, false, limits)
      }
      if (totalSteps > 0 && step >= totalSteps) end()
    },
    end,
  }
}

/** A main thread that hangs is late by the same limit, whatever it hangs in. */
function feedHangWatchdog(watch: HangWatchdog, isFirst: boolean, limits: StallLimits): void {
  const stepTimes = { startedMs: 0, lastStepMs: isFirst ? undefined : 0 }
  const late = checkForStall(stepTimes, limits, Number.POSITIVE_INFINITY)
  const seconds = isFirst ? limits.firstStepSeconds : limits.stallSeconds
  const limitMs = seconds === undefined ? undefined : 1000 * seconds
  watch.feed(limitMs, buildFailureTermination(late?.reason ?? '', late?.message ?? ''))
}
