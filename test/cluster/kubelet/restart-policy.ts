/** When a container that has ended is started again. */
export type RestartPolicy = 'Always' | 'OnFailure' | 'Never'

interface EndedContainer {
  readonly policy: RestartPolicy
  readonly exitCode: number
  readonly isInit: boolean
}

/**
 * Whether a container that ended by itself is started again. An init container that succeeded is
 * done, whatever the policy.
 */
export function restarts({ policy, exitCode, isInit }: EndedContainer): boolean {
  if (policy === 'Never') return false
  if (policy === 'OnFailure' || isInit) return exitCode !== 0
  return true
}

export interface BackOff {
  readonly firstMs: number
  readonly mostMs: number
}

/**
 * Time before the next try after a number of failures in a row: doubled each time, up to the most.
 */
export const backOffMs = ({ firstMs, mostMs }: BackOff, failures: number): number =>
  Math.min(mostMs, firstMs * 2 ** Math.max(0, failures - 1))

const seconds = (ms: number): string => `${ms / 1000}s`

/** What a container that ends again and again waits for. */
export const crashLoop = (waitMs: number, container: string, pod: string) => ({
  reason: 'CrashLoopBackOff',
  message: `back-off ${seconds(waitMs)} restarting failed container=${container} pod=${pod}`,
})
