import type { ExitReason } from '../contract/exit-codes.ts'

export interface StepTimes {
  readonly startedMs: number
  /** When the last step was made; undefined before the first. */
  readonly lastStepMs: number | undefined
}

/** How long a pod may go without a step; no limit where one is left out. */
export interface StallLimits {
  readonly firstStepSeconds?: number | undefined
  readonly stallSeconds?: number | undefined
}

export interface Stall {
  readonly reason: Extract<ExitReason, 'FirstStepLate' | 'Stalled'>
  readonly message: string
}

/** Whether a pod is later than it may be, by the same clock as its steps (ms). */
export function checkForStall(
  { startedMs, lastStepMs }: StepTimes,
  { firstStepSeconds, stallSeconds }: StallLimits,
  nowMs: number,
): Stall | undefined {
  if (lastStepMs === undefined) {
    if (firstStepSeconds === undefined || nowMs - startedMs <= 1000 * firstStepSeconds) return
    const message = `no first step in ${firstStepSeconds} s: look at the data and the storage, or raise deadlines.firstStepSeconds`
    return { reason: 'FirstStepLate', message }
  }
  if (stallSeconds === undefined || nowMs - lastStepMs <= 1000 * stallSeconds) return
  const message = `no step in ${stallSeconds} s: look at the device and the storage, or raise deadlines.stallSeconds`
  return { reason: 'Stalled', message }
}
