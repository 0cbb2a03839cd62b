import type { ObjectMeta } from '../../crds/object-meta.ts'
import type { ObjectKey } from '../../kube/object-key.ts'
import { omitUndefined } from '../../std/omit-undefined.ts'
import type { Journal } from './journal.ts'

/** What a store needs of any object. */
export interface StoredObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly spec: unknown
  readonly status?: unknown
}

export type StoreErrorReason = 'NotFound' | 'AlreadyExists' | 'Conflict'

/** A change of the store, as a watch of a real API server reports it. */
export type StoreResult =
  | { readonly ok: true; readonly object: StoredObject }
  | { readonly ok: false; readonly reason: StoreErrorReason }

export interface ObjectChange {
  readonly type: 'Added' | 'Modified' | 'Deleted'
  readonly object: StoredObject
}

interface StoreOptions {
  readonly journal: Journal
  readonly now: () => number
  readonly newUid: () => string
}

const PREFIX = 'object/'
const VERSION_KEY = 'resourceVersion'
const toStoreKey = (kind: string, { namespace, name }: ObjectKey): string =>
  `${PREFIX}${kind}/${namespace}/${name}`

/** The key of an object; without a namespace it is in `default`, as with kubectl. */
export const toStoredObjectKey = ({ metadata }: StoredObject): ObjectKey => ({
  namespace: metadata.namespace ?? 'default',
  name: metadata.name,
})
const isSameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
/** Objects are copied in and out, so that callers cannot mutate what is stored. */
const cloneObject = <T>(value: T): T => structuredClone(value)

const isOwnedBy = ({ metadata }: StoredObject, { metadata: owner }: StoredObject): boolean =>
  metadata.ownerReferences?.some(({ uid }) => uid === owner.uid) ?? false

/**
 * The stored object with the spec, labels and annotations of another; the generation counts changes
 * of the spec.
 */
function mergeObject(stored: StoredObject, { spec, metadata: given }: StoredObject): StoredObject {
  const { labels = stored.metadata.labels, annotations = stored.metadata.annotations } = given
  const generation = (stored.metadata.generation ?? 1) + (isSameJson(stored.spec, spec) ? 0 : 1)
  const metadata = {
    ...stored.metadata,
    generation,
    ...omitUndefined({ labels, annotations }),
  }
  return { ...stored, metadata, spec }
}

/** The objects of a kind in a journal. */
export const listStoredObjects = (
  records: ReadonlyMap<string, unknown>,
  kind: string,
): readonly StoredObject[] =>
  [...records].flatMap(([key, value]) =>
    key.startsWith(`${PREFIX}${kind}/`) ? [value as StoredObject] : [],
  )

/**
 * Objects in memory with a journal, behaving as the API server does: versions, conflicts,
 * generations, deletion by owner.
 */
export class ObjectStore {
  readonly #objects = new Map<string, StoredObject>()
  readonly #listeners = new Set<(change: ObjectChange) => void>()
  readonly #options: StoreOptions
  #version: number

  constructor(options: StoreOptions) {
    this.#options = options
    const { records } = options.journal
    for (const [key, value] of records) {
      if (key.startsWith(PREFIX)) this.#objects.set(key, value as StoredObject)
    }
    const versions = [...this.#objects.values()].map(({ metadata }) => metadata.resourceVersion)
    this.#version = Math.max(Number(records.get(VERSION_KEY) ?? 0), ...versions.map(Number))
  }

  get(kind: string, key: ObjectKey): StoredObject | undefined {
    return cloneObject(this.#objects.get(toStoreKey(kind, key)))
  }

  list(kind: string): readonly StoredObject[] {
    return [...this.#objects.values()].filter((object) => object.kind === kind).map(cloneObject)
  }

  /** Stores a new object; a status in it is left out, as the status subresource has it. */
  async create(object: StoredObject): Promise<StoreResult> {
    const existing = this.get(object.kind, toStoredObjectKey(object))
    if (existing !== undefined) return { ok: false, reason: 'AlreadyExists' }
    const { apiVersion, kind, spec } = object
    const metadata = {
      ...object.metadata,
      ...toStoredObjectKey(object),
      uid: this.#options.newUid(),
      generation: 1,
      creationTimestamp: new Date(this.#options.now()).toISOString(),
    }
    return this.#save('Added', { apiVersion, kind, metadata, spec })
  }

  /**
   * Replaces spec, labels and annotations. Refused as Conflict when a resourceVersion or UID is
   * given that is not the stored one.
   */
  async replace(object: StoredObject): Promise<StoreResult> {
    const found = this.#checkCurrent(object)
    if (!found.ok) return found
    const changed = mergeObject(found.object, object)
    return isSameJson(changed, found.object) ? found : this.#save('Modified', changed)
  }

  /**
   * Replaces the status alone, refused as `replace` is. Writing the same status again changes
   * nothing.
   */
  async writeStatus(object: StoredObject): Promise<StoreResult> {
    const found = this.#checkCurrent(object)
    if (!found.ok) return found
    const changed = { ...found.object, status: object.status }
    return isSameJson(changed, found.object) ? found : this.#save('Modified', changed)
  }

  /** Deletes an object and everything it owns. */
  async remove(kind: string, key: ObjectKey): Promise<StoreResult> {
    const existing = this.get(kind, key)
    if (existing === undefined) return { ok: false, reason: 'NotFound' }
    await this.#deleteWithDependents(existing)
    return { ok: true, object: existing }
  }

  /** Calls back after every durable change; returns the function that unsubscribes. */
  watch(listener: (change: ObjectChange) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  #checkCurrent(object: StoredObject): StoreResult {
    const { kind, metadata } = object
    const existing = this.get(kind, toStoredObjectKey(object))
    if (existing === undefined) return { ok: false, reason: 'NotFound' }
    const { resourceVersion, uid } = existing.metadata
    const isCurrent = (metadata.resourceVersion ?? resourceVersion) === resourceVersion
    const isSame = (metadata.uid ?? uid) === uid
    return isCurrent && isSame ? { ok: true, object: existing } : { ok: false, reason: 'Conflict' }
  }

  async #save(type: 'Added' | 'Modified', object: StoredObject): Promise<StoreResult> {
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) }
    const stored = cloneObject({ ...object, metadata })
    const key = toStoreKey(object.kind, toStoredObjectKey(object))
    this.#objects.set(key, stored)
    await this.#options.journal.put(key, stored)
    this.#notifyListeners({ type, object: stored })
    return { ok: true, object: cloneObject(stored) }
  }

  async #deleteWithDependents(object: StoredObject): Promise<void> {
    const key = toStoreKey(object.kind, toStoredObjectKey(object))
    this.#objects.delete(key)
    await this.#options.journal.put(VERSION_KEY, ++this.#version)
    await this.#options.journal.remove(key)
    this.#notifyListeners({ type: 'Deleted', object })
    const owned = [...this.#objects.values()].filter((other) => isOwnedBy(other, object))
    for (const dependent of owned) await this.#deleteWithDependents(dependent)
  }

  #notifyListeners(change: ObjectChange): void {
    for (const listener of this.#listeners) listener(cloneObject(change))
  }
}
