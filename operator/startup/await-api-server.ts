import { pause } from '../../kube/abort-scope.ts'
import { computeBackoffMs } from '../../kube/backoff.ts'
import type { ApiClient } from '../../kube/client/api-client.ts'
import { type ApiCheckResult, checkApiServer } from '../cluster/preflight/check-api-server.ts'
import type { Log } from '../observability/log.ts'
import type { Clock } from '../ports/clock.ts'

export interface AwaitApiServerOptions {
  readonly api: ApiClient
  readonly namespaces: readonly string[]
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly log: Log
  readonly stop: AbortSignal
}

/** Waits for an API server that has what is needed, as long as it is away; what is refused is refused at once. Stopped: the signal came first. */
export async function awaitApiServer(
  options: AwaitApiServerOptions,
): Promise<Exclude<ApiCheckResult, { state: 'Away' }> | { readonly state: 'Stopped' }> {
  const { api, namespaces, clock, random, log, stop } = options
  for (let failures = 1; !stop.aborted; failures++) {
    const check = await checkApiServer({ api, namespaces })
    if (check.state !== 'Away') return check
    const retryInMs = Math.round(computeBackoffMs(failures, random()))
    log.warn({ note: check.message, retryInMs }, 'API server is away; it is tried again')
    await pause(clock, retryInMs, stop)
  }
  return { state: 'Stopped' }
}
