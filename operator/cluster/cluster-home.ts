import type { AttemptAddress } from '../../contract/bus-names.ts'
import type { ReflectorObserver } from '../../kube/cache/reflector.ts'
import type { ApiClient } from '../../kube/client/api-client.ts'
import { createEventRecorder } from '../../kube/events/event-recorder.ts'
import { busCheckpoints } from '../bus/bus-checkpoints.ts'
import { busHints } from '../bus/bus-hints.ts'
import type { Platform } from '../controllers/platform.ts'
import type { Bus, CommandAnswer } from '../ports/bus.ts'
import type { Clock } from '../ports/clock.ts'
import type { JobBus } from './jobs/create-job.ts'
import type { JobDefaults } from './jobs/job-defaults.ts'
import { openJobKinds } from './jobs/job-kinds.ts'
import { kubernetesJobs } from './jobs/kubernetes-jobs.ts'
import { type NodeWarnings, openNodeWarnings } from './jobs/node-warnings.ts'
import { kubernetesSurroundings } from './jobs/surroundings.ts'
import { joinNamespaces, type NamespacePorts } from './join-namespaces.ts'
import { openObjects } from './kubernetes-objects.ts'
import { ConfigMapTables } from './result-tables.ts'

export interface ClusterHomeOptions {
  /** None of whose writes leaves unless this process leads. */
  readonly api: ApiClient
  /** Of wall time. */
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** Those that are looked at; all of the cluster where empty. */
  readonly namespaces: readonly string[]
  /** The name of this process, for Events. */
  readonly instance: string
  readonly defaults: JobDefaults
  readonly keptSeconds?: number
  readonly releaseLostNodesAfterMs?: number | undefined
  readonly bus: Bus
  /** What pods are given to reach the bus. */
  readonly podBus: JobBus | undefined
  readonly observerOf: (kind: string) => ReflectorObserver
  /** Told of what a subscriber threw, and of Events that were given up. */
  readonly failed: (what: string, error: unknown) => void
  /** Told what a pod that was asked for a checkpoint answered. */
  readonly answered: (attempt: AttemptAddress, answer: CommandAnswer) => void
}

/** The home in a cluster: everything the controllers need, as caches that follow the API server and writes to it. */
export interface ClusterHome {
  readonly ports: Platform
  /** Resolves when every cache has its first list. */
  readonly synced: Promise<void>
  /** Resolves when every Event has been sent or given up. */
  eventsSent(): Promise<void>
  close(): Promise<void>
}

interface OpenNamespace {
  readonly ports: NamespacePorts
  readonly synced: Promise<unknown>
  close(): Promise<unknown>
}

/** Starts to follow one namespace, or the whole cluster where it is left out. */
function openNamespace(
  options: ClusterHomeOptions & { readonly nodeWarnings: NodeWarnings },
  namespace: string | undefined,
): OpenNamespace {
  const { api, clock, random, observerOf, failed } = options
  const subscriberFailed = (error: unknown): void => failed('subscriber', error)
  const followed = { api, clock, random, namespace, observerOf, subscriberFailed }
  const objects = openObjects(followed)
  const kinds = openJobKinds(followed)
  const jobs = kubernetesJobs({
    ...kinds,
    api,
    clock,
    defaults: options.defaults,
    bus: options.podBus,
    keptSeconds: options.keptSeconds,
    releaseLostNodesAfterMs: options.releaseLostNodesAfterMs,
    nodeWarnings: options.nodeWarnings,
  })
  const synced = Promise.all([objects.synced, kinds.jobs.synced, kinds.pods.synced])
  return {
    ports: { runs: objects.runs, sweeps: objects.sweeps, jobs },
    synced,
    close: () => Promise.all([objects.close(), kinds.jobs.close(), kinds.pods.close()]),
  }
}

/** Opens the home and starts to follow the cluster at once; close it to stop. */
export function openClusterHome(options: ClusterHomeOptions): ClusterHome {
  const { api, clock, instance, bus, namespaces, failed } = options
  const scopes = namespaces.length === 0 ? [undefined] : namespaces
  const nodeWarnings = openNodeWarnings({
    ...options,
    subscriberFailed: (error) => failed('subscriber', error),
  })
  const withNodes = { ...options, nodeWarnings }
  const opened = new Map(scopes.map((scope) => [scope ?? '', openNamespace(withNodes, scope)]))
  const all = [...opened.values()]
  const synced = Promise.all(all.map((namespace) => namespace.synced)).then(() => undefined)
  // Closed before it is full, it fails; who waits for it then hears of that.
  synced.catch(() => undefined)
  const events = createEventRecorder({
    api,
    clock,
    instance,
    failed: (error) => failed('event', error),
  })
  return {
    ports: {
      ...joinNamespaces(new Map([...opened].map(([scope, { ports }]) => [scope, ports]))),
      events,
      clock,
      prerequisites: kubernetesSurroundings({ api, clock, defaults: options.defaults }),
      hints: busHints(bus),
      checkpointRequester: busCheckpoints(bus, options.answered),
      resultTables: new ConfigMapTables({ api, clock }),
    },
    synced,
    eventsSent: () => events.idle(),
    async close() {
      await events.close()
      await Promise.all([nodeWarnings.close(), ...all.map((namespace) => namespace.close())])
    },
  }
}
