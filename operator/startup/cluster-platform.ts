import type { AttemptAddress } from '../../contract/bus-names.ts'
import { API_GROUP_VERSION, OPERATOR_NAME } from '../../crds/names.ts'
import type { ReflectorObserver } from '../../kube/cache/reflector.ts'
import type { ApiClient } from '../../kube/client/api-client.ts'
import { createEventRecorder } from '../../kube/events/event-recorder.ts'
import type { Clock } from '../../std/clock.ts'
import { createBusCheckpointRequester } from '../bus/bus-checkpoint-requester.ts'
import { createBusHints } from '../bus/bus-hints.ts'
import type { JobBus } from '../cluster/jobs/create-job.ts'
import { type EvictionWarnings, openEvictionWarnings } from '../cluster/jobs/eviction-warnings.ts'
import { openJobCaches } from '../cluster/jobs/job-caches.ts'
import type { JobDefaults } from '../cluster/jobs/job-defaults.ts'
import { createKubernetesJobs } from '../cluster/jobs/kubernetes-jobs.ts'
import { createKubernetesPrerequisites } from '../cluster/jobs/kubernetes-prerequisites.ts'
import { joinNamespaces, type NamespacePorts } from '../cluster/join-namespaces.ts'
import { openClusterObjects } from '../cluster/kubernetes-objects.ts'
import { ConfigMapTables } from '../cluster/result-tables.ts'
import type { Platform } from '../controllers/platform.ts'
import type { Bus, CommandAnswer } from '../ports/bus.ts'

export interface ClusterPlatformOptions {
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
  readonly defaultTtlSeconds?: number
  readonly releaseLostNodesAfterMs?: number | undefined
  readonly bus: Bus
  /** What pods are given to reach the bus. */
  readonly podBus: JobBus | undefined
  readonly createObserver: (kind: string) => ReflectorObserver
  /** Called with what a subscriber threw, and for Events that were given up. */
  readonly onError: (what: string, error: unknown) => void
  /** Called with what a pod that was asked for a checkpoint answered. */
  readonly onCheckpointAnswer: (attempt: AttemptAddress, answer: CommandAnswer) => void
}

/**
 * The ports of the controllers in a cluster: caches that follow the API server, and writes to it.
 */
export interface ClusterPlatform {
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
  options: ClusterPlatformOptions & { readonly evictionWarnings: EvictionWarnings },
  namespace: string | undefined,
): OpenNamespace {
  const { api, clock, random, createObserver, onError } = options
  const onSubscriberError = (error: unknown): void => onError('subscriber', error)
  const watchOptions = { api, clock, random, namespace, createObserver, onSubscriberError }
  const objects = openClusterObjects(watchOptions)
  const jobCaches = openJobCaches(watchOptions)
  const jobs = createKubernetesJobs({
    ...jobCaches,
    api,
    clock,
    defaults: options.defaults,
    bus: options.podBus,
    defaultTtlSeconds: options.defaultTtlSeconds,
    releaseLostNodesAfterMs: options.releaseLostNodesAfterMs,
    evictionWarnings: options.evictionWarnings,
  })
  const synced = Promise.all([objects.synced, jobCaches.jobs.synced, jobCaches.pods.synced])
  return {
    ports: { runs: objects.runs, sweeps: objects.sweeps, jobs },
    synced,
    close: () => Promise.all([objects.close(), jobCaches.jobs.close(), jobCaches.pods.close()]),
  }
}

/** Opens the platform and starts to follow the cluster at once; close it to stop. */
export function openClusterPlatform(options: ClusterPlatformOptions): ClusterPlatform {
  const { api, clock, instance, bus, namespaces, onError } = options
  const scopes = namespaces.length === 0 ? [undefined] : namespaces
  const evictionWarnings = openEvictionWarnings({
    ...options,
    onSubscriberError: (error) => onError('subscriber', error),
  })
  const namespaceOptions = { ...options, evictionWarnings }
  const platformByNamespace = new Map(
    scopes.map((scope) => [scope ?? '', openNamespace(namespaceOptions, scope)]),
  )
  const all = [...platformByNamespace.values()]
  const synced = Promise.all(all.map((namespace) => namespace.synced)).then(() => undefined)
  // Closed before its first list, it rejects; that nobody waits must not end the process.
  synced.catch(() => undefined)
  const events = createEventRecorder({
    api,
    clock,
    reporter: { controller: OPERATOR_NAME, instance },
    onDropped: (error) => onError('event', error),
  })
  return {
    ports: {
      ...joinNamespaces(
        new Map([...platformByNamespace].map(([scope, { ports }]) => [scope, ports])),
      ),
      events: {
        publish: (event) => events.publish({ apiVersion: API_GROUP_VERSION, ...event }),
      },
      clock,
      prerequisites: createKubernetesPrerequisites({ api, clock, defaults: options.defaults }),
      hints: createBusHints(bus),
      checkpointRequester: createBusCheckpointRequester(bus, options.onCheckpointAnswer),
      resultTables: new ConfigMapTables({ api, clock }),
    },
    synced,
    eventsSent: () => events.idle(),
    async close() {
      await events.close()
      await Promise.all([evictionWarnings.close(), ...all.map((namespace) => namespace.close())])
    },
  }
}
