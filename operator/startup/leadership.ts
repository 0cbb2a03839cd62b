import type { ApiClient } from '../../kube/client/api-client.ts'
import { createGatedClient } from '../../kube/client/gated-client.ts'
import type { LeaderElection } from '../../kube/election/leader-election.ts'
import type { JobBus } from '../cluster/jobs/create-job.ts'
import type { Controllers } from '../controllers/start-controllers.ts'
import type { OperatorMetrics } from '../observability/metrics-registry.ts'
import type { Studies } from '../observability/study-metrics.ts'
import type { WatchMonitor } from '../observability/watch-monitor.ts'
import type { Bus } from '../ports/bus.ts'
import { type ClusterPlatform, openClusterPlatform } from './cluster-platform.ts'
import { completesWithin } from './completes-within.ts'
import type { OperatorDependencies } from './operator-dependencies.ts'
import { startOperatorControllers } from './start-operator-controllers.ts'

export interface LeadershipOptions {
  readonly dependencies: OperatorDependencies
  readonly metrics: OperatorMetrics
  readonly watchMonitor: WatchMonitor
  readonly api: ApiClient
  readonly election: LeaderElection
  readonly bus: Bus
  readonly podBus: JobBus | undefined
  /** Called when this process has won and when its caches are full. */
  readonly onPhase: (phase: 'Syncing' | 'Leading') => void
}

/** A candidate whose caches are current, so that it can act as soon as it is elected. */
export interface Leadership {
  studies(): Promise<Studies>
  /** Stays pending; rejects where the controllers could not be started. */
  readonly failed: Promise<never>
  /** Stops the controllers when what they are at is done, and then sends their last Events. */
  close(): Promise<void>
}

const DRAIN_TIMEOUT_MS = 3_000

/** Follows the cluster from now on, and starts the controllers once elected. */
export function startLeadership(options: LeadershipOptions): Leadership {
  const { dependencies, election, onPhase } = options
  const platform = openLeaderPlatform(options)
  const { promise: failed, reject } = Promise.withResolvers<never>()
  let controllers: Controllers | undefined
  let isClosed = false
  const startWhenElected = async (): Promise<void> => {
    await election.elected
    if (isClosed) return
    onPhase('Syncing')
    dependencies.log.info('leading; caches are being filled')
    await platform.synced
    if (isClosed) return
    controllers = startOperatorControllers(dependencies, options.metrics, platform.ports)
    onPhase('Leading')
    dependencies.log.info('controllers started')
  }
  startWhenElected().catch((error: unknown) => {
    if (!isClosed) reject(error)
  })
  return {
    failed,
    studies: async () => ({
      runs: await platform.ports.runs.list(),
      sweeps: await platform.ports.sweeps.list(),
    }),
    async close() {
      isClosed = true
      await drain(dependencies, controllers, platform)
      await platform.close()
    },
  }
}

function openLeaderPlatform({
  dependencies,
  watchMonitor,
  api,
  election,
  bus,
  podBus,
}: LeadershipOptions): ClusterPlatform {
  const { config, clock, random, identity, log } = dependencies
  const { jobSeconds, ...defaults } = config.defaults
  const seconds = config.releaseLostNodesAfterSeconds
  return openClusterPlatform({
    api: createGatedClient(api, election),
    clock,
    random,
    namespaces: config.watchNamespaces,
    instance: identity,
    defaults,
    defaultTtlSeconds: jobSeconds,
    releaseLostNodesAfterMs: seconds === undefined ? undefined : seconds * 1000,
    bus,
    podBus,
    createObserver: watchMonitor.createObserver,
    onError: (what, error) => log.warn({ what, error }, 'left undone'),
    onCheckpointAnswer: (attempt, answer) =>
      log.info({ ...attempt, ...answer }, 'checkpoint asked for'),
  })
}

/**
 * Lets the rounds that have begun come to their end, and their Events be sent, if that takes no
 * more than seconds.
 */
async function drain(
  { clock, log }: OperatorDependencies,
  controllers: Controllers | undefined,
  platform: ClusterPlatform,
): Promise<void> {
  if (controllers === undefined) return
  const drained = controllers.close().then(() => platform.eventsSent())
  if (!(await completesWithin(clock, DRAIN_TIMEOUT_MS, drained)))
    log.warn('rounds or events were left undone')
}
