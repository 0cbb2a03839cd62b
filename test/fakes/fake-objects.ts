/** The fields of an object that the fake uses. */
export interface FakeObject {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly resourceVersion?: string
    readonly generation?: number
    readonly ownerReferences?: readonly { readonly uid: string }[]
    readonly managedFields?: unknown
  }
  readonly spec?: unknown
  readonly status?: unknown
}
export interface FakeEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly version: number
  /** The path of all namespaces. */
  readonly collection: string
  readonly object: FakeObject
}

/** What an API server answers when it refuses. */
export class FakeApiError extends Error {
  readonly status: number
  readonly reason: string

  constructor(status: number, reason: string) {
    super(reason)
    this.status = status
    this.reason = reason
  }
}

const toFakeObjectKey = ({ metadata }: FakeObject): string =>
  `${metadata.namespace ?? ''}/${metadata.name}`

/**
 * What an API server does with objects: versions, generations, preconditions, owners, a history.
 */
export class FakeObjects {
  readonly history: FakeEvent[] = []
  readonly #collections = new Map<string, Map<string, FakeObject>>()
  readonly #onEvent: (event: FakeEvent) => void
  #version = 100
  #uids = 0

  constructor(onEvent: (event: FakeEvent) => void) {
    this.#onEvent = onEvent
  }

  get version(): number {
    return this.#version
  }

  list(collection: string, namespace?: string): readonly FakeObject[] {
    const all = [...this.#findCollection(collection).values()]
    return all.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
  }

  get(collection: string, name: string): FakeObject {
    const object = this.#findCollection(collection).get(name)
    if (object === undefined) throw new FakeApiError(404, 'NotFound')
    return object
  }

  create(collection: string, object: FakeObject): FakeObject {
    if (this.#findCollection(collection).has(toFakeObjectKey(object)))
      throw new FakeApiError(409, 'AlreadyExists')
    const { status: _given, ...rest } = object
    const metadata = {
      ...object.metadata,
      uid: `uid-${++this.#uids}`,
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
    }
    return this.#store('ADDED', collection, { ...rest, metadata })
  }

  /** Changes the spec or the status of an object; a version given is a precondition. */
  write(collection: string, name: string, change: Partial<FakeObject>): FakeObject {
    const old = this.get(collection, name)
    const precondition = change.metadata?.resourceVersion
    if (precondition !== undefined && precondition !== old.metadata.resourceVersion) {
      throw new FakeApiError(409, 'Conflict')
    }
    const isNewSpec = 'spec' in change && JSON.stringify(change.spec) !== JSON.stringify(old.spec)
    const generation = (old.metadata.generation ?? 1) + (isNewSpec ? 1 : 0)
    return this.#store('MODIFIED', collection, {
      ...old,
      ...change,
      metadata: { ...old.metadata, generation },
    })
  }

  /** Deletes an object and all it owns. */
  delete(collection: string, name: string): FakeObject {
    const object = this.get(collection, name)
    this.#findCollection(collection).delete(name)
    const gone = this.#store('DELETED', collection, object)
    for (const [other, objects] of this.#collections) {
      for (const [owned, { metadata }] of objects) {
        const owners = metadata.ownerReferences ?? []
        if (owners.some(({ uid }) => uid === object.metadata.uid)) this.delete(other, owned)
      }
    }
    return gone
  }

  #findCollection(collection: string): Map<string, FakeObject> {
    const found = this.#collections.get(collection) ?? new Map()
    this.#collections.set(collection, found)
    return found
  }

  #store(type: FakeEvent['type'], collection: string, object: FakeObject): FakeObject {
    const version = ++this.#version
    const metadata = {
      ...object.metadata,
      resourceVersion: String(version),
      managedFields: [{ manager: 'someone' }],
    }
    const stored = { ...object, metadata }
    if (type !== 'DELETED') this.#findCollection(collection).set(toFakeObjectKey(stored), stored)
    const event = { type, version, collection, object: stored }
    this.history.push(event)
    this.#onEvent(event)
    return stored
  }
}
