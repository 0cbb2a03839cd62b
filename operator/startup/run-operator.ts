import { OPERATOR_NAME } from '../../crds/names.ts'
import { type ApiClient, createApiClient } from '../../kube/client/api-client.ts'
import { createApiEndpoint } from '../../kube/client/api-endpoint.ts'
import { type LeaderElection, startLeaderElection } from '../../kube/election/leader-election.ts'
import type { OperatorPhase } from '../observability/health.ts'
import { createOperatorMetrics, type OperatorMetrics } from '../observability/metrics-registry.ts'
import type { Studies } from '../observability/study-metrics.ts'
import { createWatchMonitor, type WatchMonitor } from '../observability/watch-monitor.ts'
import { awaitApiServer } from './await-api-server.ts'
import { completesWithin } from './completes-within.ts'
import { startLeadership } from './leadership.ts'
import { findBusProblems, openBus } from './open-bus.ts'
import { openServers } from './open-servers.ts'
import type { OperatorDependencies, OperatorOutcome } from './operator-dependencies.ts'

/** What lives as long as the process, and what it is doing. */
interface RunningOperator {
  readonly dependencies: OperatorDependencies
  readonly metrics: OperatorMetrics
  readonly watchMonitor: WatchMonitor
  phase: OperatorPhase
  studies: () => Promise<Studies | undefined>
}

const CLOSE_TIMEOUT_MS = 4_000

/** Closes one thing; whatever comes of it, the rest is closed too. */
async function closeWithTimeout(
  { dependencies }: RunningOperator,
  what: string,
  close: () => Promise<unknown>,
): Promise<void> {
  try {
    const isClosedInTime = await completesWithin(dependencies.clock, CLOSE_TIMEOUT_MS, close())
    if (!isClosedInTime) dependencies.log.warn({ what }, 'not closed in time; left')
  } catch (error) {
    dependencies.log.warn({ what, error }, 'not closed well')
  }
}

function createRunningOperator(dependencies: OperatorDependencies): RunningOperator {
  const { config, log, clock, monotonicClock } = dependencies
  const metrics = createOperatorMetrics(config.metrics.maxSeries)
  const watchMonitor = createWatchMonitor({
    log,
    gauges: metrics.operator,
    nowMs: () => clock.nowMs(),
    monotonicMs: () => monotonicClock.nowMs(),
  })
  return { dependencies, metrics, watchMonitor, phase: 'Waiting', studies: async () => undefined }
}

function startElection(
  { dependencies, metrics }: RunningOperator,
  api: ApiClient,
): { readonly election: LeaderElection; readonly lost: Promise<'Lost'> } {
  const { config, identity, log, clock, monotonicClock, random } = dependencies
  const { name, namespace = dependencies.namespace, ...timings } = config.lease
  const { promise: lost, resolve } = Promise.withResolvers<'Lost'>()
  metrics.operator.setLeader(name, false)
  const election = startLeaderElection({
    api,
    clock: monotonicClock,
    wallClockMs: () => clock.nowMs(),
    random,
    lease: { namespace, name },
    identity,
    timings: {
      leaseDurationMs: timings.durationSeconds * 1000,
      renewDeadlineMs: timings.renewSeconds * 1000,
      retryPeriodMs: timings.retrySeconds * 1000,
    },
    onStoppedLeading: () => {
      metrics.operator.setLeader(name, false)
      log.error({ lease: `${namespace}/${name}` }, 'lease lost; nothing is written any more')
      dependencies.onLeaseLost()
      resolve('Lost')
    },
    observer: {
      leaderChanged: (holder) => log.info({ holder }, 'lease has a holder'),
      failed: (error) => log.warn({ error }, 'lease could not be taken or renewed'),
    },
  })
  void election.elected.then(() => metrics.operator.setLeader(name, true))
  return { election, lost }
}

/** Stands by, leads once elected, and ends at the signal or when the Lease is lost. */
async function runLeadership(
  operator: RunningOperator,
  api: ApiClient,
  stop: AbortSignal,
): Promise<OperatorOutcome> {
  const { dependencies, metrics, watchMonitor } = operator
  await using closing = new AsyncDisposableStack()
  const deferClose = (what: string, close: () => Promise<unknown>): void =>
    closing.defer(() => closeWithTimeout(operator, what, close))
  const { bus, podBus } = await openBus(dependencies.config.nats, {
    ...dependencies,
    gauges: metrics.operator,
  })
  deferClose('bus', () => bus.close())
  const { election, lost } = startElection(operator, api)
  deferClose('lease', () => election.close())
  operator.phase = 'Standby'
  const stopped = new Promise<'Stopped'>((resolve) => {
    if (stop.aborted) resolve('Stopped')
    stop.addEventListener('abort', () => resolve('Stopped'), { once: true })
  })
  const leadership = startLeadership({
    dependencies,
    metrics,
    watchMonitor,
    api,
    election,
    bus,
    podBus: podBus,
    onPhase: (phase) => {
      operator.phase = phase
    },
  })
  deferClose('controllers', () => leadership.close())
  operator.studies = async () => (operator.phase === 'Leading' ? leadership.studies() : undefined)
  const reason = await Promise.race([stopped, lost, leadership.failed])
  operator.phase = 'Ending'
  dependencies.log.info({ why: reason }, 'ending')
  return { kind: reason === 'Lost' ? 'LeaseLost' : 'Stopped' }
}

/**
 * Runs the operator until the signal aborts, the Lease is lost, or something must be set right
 * first.
 */
export async function runOperator(
  dependencies: OperatorDependencies,
  stop: AbortSignal,
): Promise<OperatorOutcome> {
  const { config, clock, random, log } = dependencies
  const problems = await findBusProblems(config.nats)
  if (problems.length > 0) return { kind: 'Refused', message: problems.join('; ') }
  const operator = createRunningOperator(dependencies)
  const health = () => ({
    phase: operator.phase,
    deadLoops: operator.watchMonitor.listDeadWatches(),
  })
  const { metrics } = operator
  const opened = await openServers(dependencies, {
    metrics,
    health,
    studies: () => operator.studies(),
  })
  if (!opened.ok) return { kind: 'Refused', message: opened.problem }
  await using closing = new AsyncDisposableStack()
  for (const server of opened.servers) {
    closing.defer(() => closeWithTimeout(operator, 'server', () => server.close()))
  }
  const endpoint = createApiEndpoint(dependencies.kubeConfig)
  const onResult = metrics.operator.countRequest
  const api = createApiClient({ endpoint, clock, userAgent: OPERATOR_NAME, onResult })
  closing.defer(() => api.close())
  const namespaces = config.watchNamespaces
  const check = await awaitApiServer({ api, namespaces, clock, random, log, stop })
  if (check.state === 'Refused') return { kind: 'Refused', message: check.message }
  if (check.state === 'Stopped') return { kind: 'Stopped' }
  return await runLeadership(operator, api, stop)
}
