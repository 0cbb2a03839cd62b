import { type ApiClient, createApiClient } from '../../kube/client/api-client.ts'
import { endpointOf } from '../../kube/client/api-endpoint.ts'
import { type LeaseElection, startLeaseElection } from '../../kube/election/lease-election.ts'
import type { Phase } from '../observability/health.ts'
import { type OperatorMetrics, operatorMetrics } from '../observability/metrics-registry.ts'
import type { Studies } from '../observability/study-metrics.ts'
import { type WatchBoard, watchBoard } from '../observability/watch-board.ts'
import { awaitApiServer } from './await-api-server.ts'
import { startLeading } from './lead.ts'
import { busProblems, openBus } from './open-bus.ts'
import { openServers } from './open-servers.ts'
import type { Ending, OperatorWorld } from './operator-world.ts'
import { within } from './within.ts'

/** What lives as long as the process, and what it is doing. */
interface Running {
  readonly world: OperatorWorld
  readonly metrics: OperatorMetrics
  readonly watches: WatchBoard
  phase: Phase
  studies: () => Promise<Studies | undefined>
}

const CLOSE_MS = 4_000

/** Does a last thing; whatever comes of it, the rest is closed too. */
async function closeUp(
  { world }: Running,
  what: string,
  close: () => Promise<unknown>,
): Promise<void> {
  try {
    const inTime = await within(world.clock, CLOSE_MS, close())
    if (!inTime) world.log.warn({ what }, 'not closed in time; left')
  } catch (error) {
    world.log.warn({ what, error }, 'not closed well')
  }
}

function newRunning(world: OperatorWorld): Running {
  const { config, log, clock, monotonicClock } = world
  const metrics = operatorMetrics(config.metrics.maxSeries)
  const watches = watchBoard({
    log,
    gauges: metrics.operator,
    nowMs: () => clock.nowMs(),
    monotonicMs: () => monotonicClock.nowMs(),
  })
  return { world, metrics, watches, phase: 'Waiting', studies: async () => undefined }
}

function stand(
  { world, metrics }: Running,
  api: ApiClient,
): { readonly election: LeaseElection; readonly lost: Promise<'Lost'> } {
  const { config, identity, log, clock, monotonicClock, random } = world
  const { name, namespace = world.namespace, ...times } = config.lease
  const { promise: lost, resolve } = Promise.withResolvers<'Lost'>()
  metrics.operator.leads(name, false)
  const election = startLeaseElection({
    api,
    clock: monotonicClock,
    wallClockMs: () => clock.nowMs(),
    random,
    lease: { namespace, name },
    identity,
    times: {
      leaseMs: times.durationSeconds * 1000,
      renewDeadlineMs: times.renewSeconds * 1000,
      retryMs: times.retrySeconds * 1000,
    },
    onLost: () => {
      metrics.operator.leads(name, false)
      log.error({ lease: `${namespace}/${name}` }, 'lease lost; nothing is written any more')
      world.leaseLost()
      resolve('Lost')
    },
    observer: {
      held: (holder) => log.info({ holder }, 'lease has a holder'),
      failed: (error) => log.warn({ error }, 'lease could not be taken or renewed'),
    },
  })
  void election.elected.then(() => metrics.operator.leads(name, true))
  return { election, lost }
}

/** Stands by, leads once elected, and ends when it is told to or when the Lease is lost. */
async function serveTerm(running: Running, api: ApiClient, stop: AbortSignal): Promise<Ending> {
  const { world, metrics, watches } = running
  await using closing = new AsyncDisposableStack()
  const later = (what: string, close: () => Promise<unknown>): void =>
    closing.defer(() => closeUp(running, what, close))
  const { bus, forPods } = await openBus(world.config.nats, { ...world, gauges: metrics.operator })
  later('bus', () => bus.close())
  const { election, lost } = stand(running, api)
  later('lease', () => election.close())
  running.phase = 'Standby'
  const stopped = new Promise<'Stopped'>((resolve) => {
    if (stop.aborted) resolve('Stopped')
    stop.addEventListener('abort', () => resolve('Stopped'), { once: true })
  })
  const leading = startLeading({
    world,
    metrics,
    watches,
    api,
    election,
    bus,
    podBus: forPods,
    entered: (phase) => {
      running.phase = phase
    },
  })
  later('controllers', () => leading.close())
  running.studies = async () => (running.phase === 'Leading' ? leading.studies() : undefined)
  const why = await Promise.race([stopped, lost, leading.broken])
  running.phase = 'Ending'
  world.log.info({ why }, 'ending')
  return { kind: why === 'Lost' ? 'LeaseLost' : 'Stopped' }
}

/** Runs the operator until the signal aborts, the Lease is lost, or something must be set right first. */
export async function runOperator(world: OperatorWorld, stop: AbortSignal): Promise<Ending> {
  const { config, clock, random, log } = world
  const problems = await busProblems(config.nats)
  if (problems.length > 0) return { kind: 'Refused', message: problems.join('; ') }
  const running = newRunning(world)
  const health = () => ({ phase: running.phase, deadLoops: running.watches.deadWatches() })
  const { metrics } = running
  const opened = await openServers(world, { metrics, health, studies: () => running.studies() })
  if (!opened.ok) return { kind: 'Refused', message: opened.problem }
  await using closing = new AsyncDisposableStack()
  for (const server of opened.servers) {
    closing.defer(() => closeUp(running, 'server', () => server.close()))
  }
  const endpoint = endpointOf(world.kubeConfig)
  const answered = metrics.operator.answered
  const api = createApiClient({ endpoint, clock, answered })
  closing.defer(() => api.close())
  const namespaces = config.watchNamespaces
  const check = await awaitApiServer({ api, namespaces, clock, random, log, stop })
  if (check.state === 'Refused') return { kind: 'Refused', message: check.message }
  if (check.state === 'Stopped') return { kind: 'Stopped' }
  return await serveTerm(running, api, stop)
}
