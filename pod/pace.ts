import { type Lateness, lateness, type PaceLimits } from './deadlines.ts'
import { type HangWatch, watchHang } from './hang-watch.ts'
import type { ReportBody } from './spool.ts'
import { failureWords } from './termination.ts'

export interface PaceOptions {
  readonly program: 'trainer' | 'evaluator'
  readonly limits: PaceLimits
  readonly monotonicMs: () => number
  readonly terminationPath: string | undefined
  /** Called while the main thread still lives. */
  readonly late: (lateness: Lateness) => void
}

/** Hears of the steps of a pod and calls when they fail to come. */
export interface PaceJudge {
  said(body: Pick<ReportBody, 'kind' | 'step' | 'totalSteps'>): void
  end(): void
}

const JUDGE_EVERY_MS = 1000
const UNJUDGED: PaceJudge = { said: () => undefined, end: () => undefined }

/** Judges a trainer from now until its last step; the operator judges evaluators. */
export function judgePace(options: PaceOptions): PaceJudge {
  const { program, limits, monotonicMs, late } = options
  const { firstStepSeconds, stallSeconds } = limits
  const isLimited = firstStepSeconds !== undefined || stallSeconds !== undefined
  if (program === 'evaluator' || !isLimited) return UNJUDGED
  const watch = watchHang(options)
  const startedMs = monotonicMs()
  let lastStepMs: number | undefined
  const judge = (): void => {
    const pace = { startedMs, lastStepMs }
    const found = lateness(pace, limits, monotonicMs())
    if (found !== undefined) late(found)
    sayAlive(watch, pace.lastStepMs === undefined, limits)
  }
  sayAlive(watch, true, limits)
  const judging = setInterval(judge, JUDGE_EVERY_MS).unref()
  const end = (): void => {
    clearInterval(judging)
    void watch.close()
  }
  return {
    said({ kind, step, totalSteps }) {
      if (kind === 'Step' || kind === 'Checkpoint') {
        lastStepMs = monotonicMs()
        sayAlive(watch, false, limits)
      }
      if (totalSteps > 0 && step >= totalSteps) end()
    },
    end,
  }
}

/** A main thread that hangs is late by the same limit, whatever it hangs in. */
function sayAlive(watch: HangWatch, isFirst: boolean, limits: PaceLimits): void {
  const pace = { startedMs: 0, lastStepMs: isFirst ? undefined : 0 }
  const late = lateness(pace, limits, Number.POSITIVE_INFINITY)
  const seconds = isFirst ? limits.firstStepSeconds : limits.stallSeconds
  const limitMs = seconds === undefined ? undefined : 1000 * seconds
  watch.alive(limitMs, failureWords(late?.reason ?? '', late?.message ?? ''))
}
