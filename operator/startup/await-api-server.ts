import type { ApiClient } from '../../kube/client/api-client.ts'
import { type BackoffLimits, computeBackoffMs } from '../../std/backoff.ts'
import type { Clock } from '../../std/clock.ts'
import { pause } from '../../std/pause.ts'
import { type ApiCheckResult, checkApiServer } from '../cluster/preflight/check-api-server.ts'
import type { Log } from '../observability/log.ts'

const BACKOFF: BackoffLimits = { initialMs: 1_000, maxMs: 30_000 }

export interface AwaitApiServerOptions {
  readonly api: ApiClient
  readonly namespaces: readonly string[]
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly log: Log
  readonly stop: AbortSignal
}

/**
 * Waits while the API server is away, and returns the first verdict of another kind. Stopped: the
 * signal came first.
 */
export async function awaitApiServer(
  options: AwaitApiServerOptions,
): Promise<Exclude<ApiCheckResult, { state: 'Away' }> | { readonly state: 'Stopped' }> {
  const { api, namespaces, clock, random, log, stop } = options
  for (let failures = 1; !stop.aborted; failures++) {
    const check = await checkApiServer({ api, namespaces })
    if (check.state !== 'Away') return check
    const retryInMs = Math.round(computeBackoffMs(BACKOFF, failures, random()))
    log.warn({ note: check.message, retryInMs }, 'API server is away; it is tried again')
    await pause(clock, retryInMs, stop)
  }
  return { state: 'Stopped' }
}
