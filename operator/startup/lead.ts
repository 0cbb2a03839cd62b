import type { ApiClient } from '../../kube/client/api-client.ts'
import { gatedClient } from '../../kube/client/write-gate.ts'
import type { LeaseElection } from '../../kube/election/lease-election.ts'
import { type ClusterHome, openClusterHome } from '../cluster/cluster-home.ts'
import type { JobBus } from '../cluster/jobs/create-job.ts'
import type { Controllers } from '../controllers/start-controllers.ts'
import type { OperatorMetrics } from '../observability/metrics-registry.ts'
import type { Studies } from '../observability/study-metrics.ts'
import type { WatchBoard } from '../observability/watch-board.ts'
import type { Bus } from '../ports/bus.ts'
import { control } from './control.ts'
import type { OperatorWorld } from './operator-world.ts'
import { within } from './within.ts'

export interface LeadOptions {
  readonly world: OperatorWorld
  readonly metrics: OperatorMetrics
  readonly watches: WatchBoard
  readonly api: ApiClient
  readonly election: LeaseElection
  readonly bus: Bus
  readonly podBus: JobBus | undefined
  /** Told when this process has won and when its caches are full. */
  readonly entered: (phase: 'Syncing' | 'Leading') => void
}

/** A candidate whose caches are kept full, so that it can act as soon as it is elected. */
export interface Leading {
  studies(): Promise<Studies>
  /** Stays pending; rejects where the controllers could not be started. */
  readonly broken: Promise<never>
  /** Stops the controllers when what they are at is done, and then sends their last Events. */
  close(): Promise<void>
}

const DRAIN_MS = 3_000

/** Follows the cluster from now on, and starts the controllers once elected. */
export function startLeading(options: LeadOptions): Leading {
  const { world, election, entered } = options
  const home = openHome(options)
  const { promise: broken, reject } = Promise.withResolvers<never>()
  let controllers: Controllers | undefined
  let isClosed = false
  const lead = async (): Promise<void> => {
    await election.elected
    if (isClosed) return
    entered('Syncing')
    world.log.info('leading; caches are being filled')
    await home.synced
    if (isClosed) return
    controllers = control(world, options.metrics, home.ports)
    entered('Leading')
    world.log.info('controllers started')
  }
  lead().catch((error: unknown) => {
    if (!isClosed) reject(error)
  })
  return {
    broken,
    studies: async () => ({
      runs: await home.ports.runs.list(),
      sweeps: await home.ports.sweeps.list(),
    }),
    async close() {
      isClosed = true
      await drain(world, controllers, home)
      await home.close()
    },
  }
}

function openHome({ world, watches, api, election, bus, podBus }: LeadOptions): ClusterHome {
  const { config, clock, random, identity, log } = world
  const { jobSeconds, ...defaults } = config.defaults
  const seconds = config.releaseLostNodesAfterSeconds
  return openClusterHome({
    api: gatedClient(api, election),
    clock,
    random,
    namespaces: config.watchNamespaces,
    instance: identity,
    defaults,
    keptSeconds: jobSeconds,
    releaseLostNodesAfterMs: seconds === undefined ? undefined : seconds * 1000,
    bus,
    podBus,
    observerOf: watches.observerOf,
    failed: (what, error) => log.warn({ what, error }, 'left undone'),
    answered: (attempt, answer) => log.info({ ...attempt, ...answer }, 'checkpoint asked for'),
  })
}

/** Lets the rounds that have begun come to their end, and their Events be sent, if that takes no more than seconds. */
async function drain(
  { clock, log }: OperatorWorld,
  controllers: Controllers | undefined,
  home: ClusterHome,
): Promise<void> {
  if (controllers === undefined) return
  const last = controllers.close().then(() => home.eventsSent())
  if (!(await within(clock, DRAIN_MS, last))) log.warn('rounds or events were left undone')
}
