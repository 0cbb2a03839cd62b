import { RUN_KIND, SWEEP_KIND } from '../../crds/names.ts'
import type {
  ObjectKey,
  Runs,
  StoredRun,
  StoredSweep,
  Sweeps,
} from '../../operator/ports/objects.ts'
import { PortError } from '../../operator/ports/port-error.ts'
import {
  type ObjectStore,
  objectKey,
  type Refusal,
  type StoredObject,
  type Written,
} from './object-store.ts'

const SENTENCES: Record<Refusal, string> = {
  NotFound: 'is not there',
  AlreadyExists: 'is already there',
  Conflict: 'was changed since it was read',
}

function unwrap<T>(written: Written, { namespace, name }: ObjectKey): T {
  if (written.ok) return written.object as T
  throw new PortError(written.refusal, `${namespace}/${name} ${SENTENCES[written.refusal]}`)
}

/** An object with nothing but what names it and its version. */
const versioned = (stored: StoredObject, resourceVersion: string): StoredObject => ({
  ...stored,
  metadata: { ...stored.metadata, resourceVersion },
})

function kindIn<Stored extends StoredRun | StoredSweep>(store: ObjectStore, kind: string) {
  const existing = (key: ObjectKey): StoredObject => {
    const found = store.get(kind, key)
    if (found === undefined)
      throw new PortError('NotFound', `${key.namespace}/${key.name} is not there`)
    return found
  }
  return {
    get: async (key: ObjectKey) => store.get(kind, key) as Stored | undefined,
    list: async () => store.list(kind) as unknown as readonly Stored[],
    create: async (object: StoredObject) =>
      unwrap<Stored>(await store.create(object), objectKey(object)),
    writeStatus: async (key: ObjectKey, status: unknown, resourceVersion: string) => {
      const object = { ...versioned(existing(key), resourceVersion), status }
      return unwrap<Stored>(await store.writeStatus(object), key)
    },
    writeSpec: async (key: ObjectKey, spec: unknown, resourceVersion: string) => {
      const object = { ...versioned(existing(key), resourceVersion), spec }
      return unwrap<Stored>(await store.replace(object), key)
    },
    delete: async (key: ObjectKey) => {
      await store.remove(kind, key)
    },
    watch: (changed: (key: ObjectKey) => void) => {
      for (const object of store.list(kind)) changed(objectKey(object))
      return store.watch(({ object }) => {
        if (object.kind === kind) changed(objectKey(object))
      })
    },
  }
}

/** The runs of a store. */
export function runsIn(store: ObjectStore): Runs {
  const runs = kindIn<StoredRun>(store, RUN_KIND)
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

/** Sweeps; a person changes the spec of one, no controller does. */
export type StoredSweeps = Sweeps & { readonly writeSpec: WriteSweepSpec }

/** The sweeps of a store. */
export const sweepsIn = (store: ObjectStore): StoredSweeps => kindIn<StoredSweep>(store, SWEEP_KIND)
