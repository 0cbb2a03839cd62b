import { API_GROUP_VERSION, RUN_KIND, SWEEP_KIND } from '../../crds/names.ts'
import type { NeCoRun, RunStatus } from '../../crds/necorun.ts'
import type { NeCoSweep, SweepStatus } from '../../crds/necosweep.ts'
import { byOwner, keyOf } from '../../kube/cache/indexed-objects.ts'
import { type KindClient, type KindOptions, openKind } from '../../kube/cache/kind-client.ts'
import type { Reflector } from '../../kube/cache/reflector.ts'
import type { Resource } from '../../kube/client/resource-path.ts'
import type { ObjectKey, Runs, StoredRun, StoredSweep, Sweeps, Urgency } from '../ports/objects.ts'
import { PortError } from '../ports/port-error.ts'

export const RUN_RESOURCE: Resource = {
  apiVersion: API_GROUP_VERSION,
  kind: RUN_KIND,
  plural: 'necoruns',
}
export const SWEEP_RESOURCE: Resource = {
  apiVersion: API_GROUP_VERSION,
  kind: SWEEP_KIND,
  plural: 'necosweeps',
}

type Stored = StoredRun | StoredSweep
type Watched = (key: ObjectKey, urgency?: Urgency) => void

/** Calls back for what is there and for every change. */
function watch<T extends Stored>({ cache }: KindClient<T>, changed: Watched): () => void {
  const stop = cache.subscribe(({ key, urgency }) => changed(key, urgency))
  for (const object of cache.list()) changed(keyOf(object), 'resync')
  return stop
}

/** Replaces the status: a field that we wrote before and that is left out now is removed by the API server. */
function writeStatus<T extends Stored>(kind: KindClient<T>, resource: Resource) {
  return (key: ObjectKey, status: RunStatus | SweepStatus, resourceVersion: string): Promise<T> =>
    kind.patch({
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

/** What both kinds have in common. Reads wait for the first list; what they give is frozen, and may be held on to. */
function portOf<T extends Stored>(kind: KindClient<T>, resource: Resource) {
  return {
    get: async (key: ObjectKey) => {
      await kind.synced
      return kind.cache.get(key)
    },
    list: async () => {
      await kind.synced
      return kind.cache.list()
    },
    create: async (object: NeCoRun | NeCoSweep) => {
      const { namespace, ...metadata } = object.metadata
      if (namespace === undefined) throw new PortError('Invalid', 'an object needs a namespace')
      return kind.create({ ...object, metadata: { ...metadata, namespace } })
    },
    writeStatus: writeStatus(kind, resource),
    delete: kind.delete,
    watch: (changed: Watched) => watch(kind, changed),
  }
}

/** The spec alone is new; whatever else people wrote on the run stays. */
async function writeSpec(
  kind: KindClient<StoredRun>,
  {
    key,
    spec,
    resourceVersion,
  }: Pick<StoredRun, 'spec'> & {
    readonly key: ObjectKey
    readonly resourceVersion: string
  },
): Promise<StoredRun> {
  await kind.synced
  const held = kind.cache.get(key)
  if (held === undefined) throw new PortError('NotFound', `NeCoRun ${key.namespace}/${key.name}`)
  const { status: _ownSubresource, ...rest } = held
  return kind.replace({ ...rest, spec, metadata: { ...held.metadata, resourceVersion } })
}

/** The runs and sweeps of a cluster, or of one namespace of it. */
export interface ClusterObjects extends Reflector {
  readonly runs: Runs
  readonly sweeps: Sweeps
}

/** Starts to follow both kinds. Writes fail with ApiError, which is a PortError. */
export function openObjects(
  options: Omit<KindOptions<never>, 'resource' | 'indexes' | 'prune'>,
): ClusterObjects {
  const indexes = { owner: byOwner }
  const runs = openKind<StoredRun>({ ...options, resource: RUN_RESOURCE, indexes })
  const sweeps = openKind<StoredSweep>({ ...options, resource: SWEEP_RESOURCE })
  const synced = Promise.all([runs.synced, sweeps.synced]).then(() => {})
  // Whoever waits hears of it; that nobody waits is no failure of the process.
  synced.catch(() => {})
  return {
    runs: {
      ...portOf(runs, RUN_RESOURCE),
      listOwnedBy: async (ownerUid) => {
        await runs.synced
        return runs.cache.find('owner', ownerUid)
      },
      writeSpec: (key, spec, resourceVersion) => writeSpec(runs, { key, spec, resourceVersion }),
    },
    sweeps: portOf(sweeps, SWEEP_RESOURCE),
    synced,
    lastEventMs: () => Math.min(runs.lastEventMs(), sweeps.lastEventMs()),
    close: async () => {
      await Promise.all([runs.close(), sweeps.close()])
    },
  }
}
