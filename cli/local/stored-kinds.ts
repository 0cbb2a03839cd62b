import { RUN_KIND, SWEEP_KIND } from '../../crds/names.ts'
import { KubeError } from '../../kube/kube-error.ts'
import type { ObjectKey } from '../../kube/object-key.ts'
import type { Runs, StoredRun, StoredSweep, Sweeps } from '../../operator/ports/objects.ts'
import {
  type ObjectStore,
  type StoredObject,
  type StoreErrorReason,
  type StoreResult,
  toStoredObjectKey,
} from './object-store.ts'

const STORE_ERROR_MESSAGES: Record<StoreErrorReason, string> = {
  NotFound: 'is not there',
  AlreadyExists: 'is already there',
  Conflict: 'was changed since it was read',
}

function unwrapStoreResult<T>(result: StoreResult, { namespace, name }: ObjectKey): T {
  if (result.ok) return result.object as T
  throw new KubeError(result.reason, `${namespace}/${name} ${STORE_ERROR_MESSAGES[result.reason]}`)
}

/** An object with nothing but its key and version. */
const setResourceVersion = (stored: StoredObject, resourceVersion: string): StoredObject => ({
  ...stored,
  metadata: { ...stored.metadata, resourceVersion },
})

function openStoredKind<Stored extends StoredRun | StoredSweep>(store: ObjectStore, kind: string) {
  const requireExisting = (key: ObjectKey): StoredObject => {
    const found = store.get(kind, key)
    if (found === undefined)
      throw new KubeError('NotFound', `${key.namespace}/${key.name} is not there`)
    return found
  }
  return {
    get: async (key: ObjectKey) => store.get(kind, key) as Stored | undefined,
    list: async () => store.list(kind) as unknown as readonly Stored[],
    create: async (object: StoredObject) =>
      unwrapStoreResult<Stored>(await store.create(object), toStoredObjectKey(object)),
    writeStatus: async (key: ObjectKey, status: unknown, resourceVersion: string) => {
      const object = { ...setResourceVersion(requireExisting(key), resourceVersion), status }
      return unwrapStoreResult<Stored>(await store.writeStatus(object), key)
    },
    writeSpec: async (key: ObjectKey, spec: unknown, resourceVersion: string) => {
      const object = { ...setResourceVersion(requireExisting(key), resourceVersion), spec }
      return unwrapStoreResult<Stored>(await store.replace(object), key)
    },
    delete: async (key: ObjectKey) => {
      await store.remove(kind, key)
    },
    watch: (changed: (key: ObjectKey) => void) => {
      for (const object of store.list(kind)) changed(toStoredObjectKey(object))
      return store.watch(({ object }) => {
        if (object.kind === kind) changed(toStoredObjectKey(object))
      })
    },
  }
}

/** The runs of a store. */
export function openStoredRuns(store: ObjectStore): Runs {
  const runs = openStoredKind<StoredRun>(store, RUN_KIND)
  return {
    ...runs,
    listOwnedBy: async (ownerUid) => {
      const all = await runs.list()
      return all.filter(({ metadata }) =>
        metadata.ownerReferences?.some(({ uid }) => uid === ownerUid),
      )
    },
  }
}

type WriteSweepSpec = (
  key: ObjectKey,
  spec: StoredSweep['spec'],
  resourceVersion: string,
) => Promise<StoredSweep>

/** Sweeps; only users change their spec. */
export type StoredSweeps = Sweeps & { readonly writeSpec: WriteSweepSpec }

/** The sweeps of a store. */
export const openStoredSweeps = (store: ObjectStore): StoredSweeps =>
  openStoredKind<StoredSweep>(store, SWEEP_KIND)
