import type { Clock } from '../../std/clock.ts'

interface Timer {
  readonly atMs: number
  readonly delayMs: number
  readonly call: () => void
}

/** A clock that only a test advances. */
export interface ManualClock extends Clock {
  /** Advances the time; timers fire in order, also those set meanwhile. */
  advance(ms: number): void
  /** Advances the time without firing timers, as for a suspended process. */
  advanceWithoutTimers(ms: number): void
  /** Resolves with the delay of a matching timer as soon as one is set. */
  whenTimerSet(fits: (delayMs: number) => boolean): Promise<number>
  /** The delays of the timers that are set. */
  delays(): readonly number[]
}

/** A clock at 1,000,000 ms, or at the given time. */
export function createManualClock(startMs = 1_000_000): ManualClock {
  let nowMs = startMs
  const timers = new Set<Timer>()
  const waiting = new Set<(timer: Timer) => void>()
  const next = (untilMs: number): Timer | undefined =>
    [...timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
  return {
    nowMs: () => nowMs,
    after: (delayMs, call) => {
      const timer = { atMs: nowMs + delayMs, delayMs, call }
      timers.add(timer)
      for (const look of waiting) look(timer)
      return () => timers.delete(timer)
    },
    advance: (ms) => {
      const untilMs = nowMs + ms
      for (let timer = next(untilMs); timer !== undefined; timer = next(untilMs)) {
        timers.delete(timer)
        nowMs = Math.max(nowMs, timer.atMs)
        timer.call()
      }
      nowMs = untilMs
    },
    advanceWithoutTimers: (ms) => {
      nowMs += ms
    },
    whenTimerSet: (fits) => {
      const found = [...timers].find(({ delayMs }) => fits(delayMs))
      if (found !== undefined) return Promise.resolve(found.delayMs)
      return new Promise((resolve) => {
        const look = ({ delayMs }: Timer) => {
          if (!fits(delayMs)) return
          waiting.delete(look)
          resolve(delayMs)
        }
        waiting.add(look)
      })
    },
    delays: () => [...timers].map(({ delayMs }) => delayMs),
  }
}
