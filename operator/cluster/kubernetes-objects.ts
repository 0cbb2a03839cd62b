import { API_GROUP_VERSION, OPERATOR_NAME, RUN_KIND, SWEEP_KIND } from '../../crds/names.ts'
import type { NeCoRun, RunStatus } from '../../crds/necorun.ts'
import type { NeCoSweep, SweepStatus } from '../../crds/necosweep.ts'
import {
  type CachedClient,
  type CachedClientOptions,
  openCachedClient,
} from '../../kube/cache/cached-client.ts'
import { indexByOwner, toObjectKey } from '../../kube/cache/indexer.ts'
import type { Reflector } from '../../kube/cache/reflector.ts'
import type { ApiResource } from '../../kube/client/resource-path.ts'
import { KubeError } from '../../kube/kube-error.ts'
import type { ObjectKey } from '../../kube/object-key.ts'
import type { Urgency } from '../../kube/urgency.ts'
import type { Runs, StoredRun, StoredSweep, Sweeps } from '../ports/objects.ts'

export const RUN_RESOURCE: ApiResource = {
  apiVersion: API_GROUP_VERSION,
  kind: RUN_KIND,
  plural: 'necoruns',
}
export const SWEEP_RESOURCE: ApiResource = {
  apiVersion: API_GROUP_VERSION,
  kind: SWEEP_KIND,
  plural: 'necosweeps',
}

type StoredStudyObject = StoredRun | StoredSweep
type ObjectChangeCallback = (key: ObjectKey, urgency?: Urgency) => void

/** Calls back for what is there and for every change. */
function watchObjects<T extends StoredStudyObject>(
  { cache }: CachedClient<T>,
  changed: ObjectChangeCallback,
): () => void {
  const stop = cache.subscribe(({ key, urgency }) => changed(key, urgency))
  for (const object of cache.list()) changed(toObjectKey(object), 'resync')
  return stop
}

/**
 * Replaces the status: a field that we wrote before and that is left out now is removed by the API
 * server.
 */
function writeStatus<T extends StoredStudyObject>(client: CachedClient<T>, resource: ApiResource) {
  return (key: ObjectKey, status: RunStatus | SweepStatus, resourceVersion: string): Promise<T> =>
    client.patch({
      key,
      subresource: 'status',
      type: 'apply',
      body: {
        apiVersion: resource.apiVersion,
        kind: resource.kind,
        metadata: { ...key, resourceVersion },
        status,
      },
    })
}

/**
 * What both kinds have in common. Reads wait for the first list; what they give is frozen, and may
 * be held on to.
 */
function buildObjectPort<T extends StoredStudyObject>(
  client: CachedClient<T>,
  resource: ApiResource,
) {
  return {
    get: async (key: ObjectKey) => {
      await client.synced
      return client.cache.get(key)
    },
    list: async () => {
      await client.synced
      return client.cache.list()
    },
    create: async (object: NeCoRun | NeCoSweep) => {
      const { namespace, ...metadata } = object.metadata
      if (namespace === undefined) throw new KubeError('Invalid', 'an object needs a namespace')
      return client.create({ ...object, metadata: { ...metadata, namespace } })
    },
    writeStatus: writeStatus(client, resource),
    delete: client.delete,
    watch: (changed: ObjectChangeCallback) => watchObjects(client, changed),
  }
}

/** The spec alone is new; whatever else people wrote on the run stays. */
async function writeSpec(
  client: CachedClient<StoredRun>,
  {
    key,
    spec,
    resourceVersion,
  }: Pick<StoredRun, 'spec'> & {
    readonly key: ObjectKey
    readonly resourceVersion: string
  },
): Promise<StoredRun> {
  await client.synced
  const cached = client.cache.get(key)
  if (cached === undefined) throw new KubeError('NotFound', `NeCoRun ${key.namespace}/${key.name}`)
  const { status: _ownSubresource, ...rest } = cached
  return client.replace({ ...rest, spec, metadata: { ...cached.metadata, resourceVersion } })
}

/** The runs and sweeps of a cluster, or of one namespace of it. */
export interface ClusterObjects extends Reflector {
  readonly runs: Runs
  readonly sweeps: Sweeps
}

/** Starts to follow both kinds. Writes fail with ApiError, which is a KubeError. */
export function openClusterObjects(
  options: Omit<CachedClientOptions<never>, 'resource' | 'fieldManager' | 'indexes' | 'transform'>,
): ClusterObjects {
  const indexes = { owner: indexByOwner }
  const clientOptions = { ...options, fieldManager: OPERATOR_NAME }
  const runs = openCachedClient<StoredRun>({ ...clientOptions, resource: RUN_RESOURCE, indexes })
  const sweeps = openCachedClient<StoredSweep>({ ...clientOptions, resource: SWEEP_RESOURCE })
  const synced = Promise.all([runs.synced, sweeps.synced]).then(() => {})
  // A rejection that nobody waits for must not end the process.
  synced.catch(() => {})
  return {
    runs: {
      ...buildObjectPort(runs, RUN_RESOURCE),
      listOwnedBy: async (ownerUid) => {
        await runs.synced
        return runs.cache.find('owner', ownerUid)
      },
      writeSpec: (key, spec, resourceVersion) => writeSpec(runs, { key, spec, resourceVersion }),
    },
    sweeps: buildObjectPort(sweeps, SWEEP_RESOURCE),
    synced,
    lastEventMs: () => Math.min(runs.lastEventMs(), sweeps.lastEventMs()),
    close: async () => {
      await Promise.all([runs.close(), sweeps.close()])
    },
  }
}
