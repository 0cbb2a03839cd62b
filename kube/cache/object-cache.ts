import type { ObjectKey, Urgency } from '../../operator/ports/objects.ts'
import { type ApiObject, IndexedObjects, type IndexOf, keyOf } from './indexed-objects.ts'
import { isNotNewer, isOlder } from './resource-version.ts'

/** An object appeared (no before), changed, or went (no after). */
export interface Change<T> {
  readonly key: ObjectKey
  readonly before: T | undefined
  readonly after: T | undefined
  readonly urgency: Urgency
}

export interface CacheOptions<T> {
  readonly indexes?: Readonly<Record<string, IndexOf<T>>>
  /** Told of what a subscriber threw; the others hear of the change all the same. */
  readonly subscriberFailed?: (error: unknown) => void
}

/** What the cache knew when a list was asked for. */
export interface ListMark {
  readonly deletions: number
  readonly observed: string | undefined
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: T
}

/** Beyond this many, the oldest deletion is older than any event that is still to come. */
const MOST_TOMBSTONES = 10_000

/**
 * The objects of one kind as an API server has them, never older than what this process wrote itself: an answer to a
 * write goes in at once, and what arrives late by list or watch does not undo it. A cache therefore never says that an
 * object is gone because it does not know of it yet.
 */
export class ObjectCache<T extends ApiObject> {
  readonly #options: CacheOptions<T>
  readonly #objects: IndexedObjects<T>
  readonly #subscribers = new Set<(change: Change<T>) => void>()
  /** UIDs that this process deleted and the watch has not yet reported, with the number of the deletion. */
  readonly #tombstones = new Map<string, number>()
  #deletions = 0
  /** Everything up to this version has been seen by list and watch. */
  #observed: string | undefined

  constructor(options: CacheOptions<T> = {}) {
    this.#options = options
    this.#objects = new IndexedObjects(options.indexes ?? {})
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(key)
  }

  list(): readonly T[] {
    return this.#objects.list()
  }

  /** The objects that an index has under a value; fails where there is no such index. */
  find(index: string, value: string): readonly T[] {
    return this.#objects.find(index, value)
  }

  /** Calls back for every change from now on, until the returned function is called. */
  subscribe(subscriber: (change: Change<T>) => void): () => void {
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }

  /** Takes in the answer to a write, unless something newer is known. */
  accept(object: T): void {
    const { resourceVersion, uid } = object.metadata
    if (this.#tombstones.has(uid) || this.#hasSeen(resourceVersion)) return
    const held = this.get(keyOf(object))
    if (held !== undefined && isNotNewer(resourceVersion, held.metadata.resourceVersion)) return
    this.#put(object, 'live')
  }

  /** Takes in that a deletion was answered: the object is gone, whatever older events still say. */
  forget(key: ObjectKey, uid: string): void {
    this.#tombstones.set(uid, ++this.#deletions)
    const [oldest] = this.#tombstones.keys()
    if (this.#tombstones.size > MOST_TOMBSTONES && oldest !== undefined) {
      this.#tombstones.delete(oldest)
    }
    if (this.get(key)?.metadata.uid === uid) this.#remove(key, 'live')
  }

  /** To be called right before a list is asked for. */
  markList(): ListMark {
    return { deletions: this.#deletions, observed: this.#observed }
  }

  /** Takes in a whole list and the version it stands for. */
  replace(mark: ListMark, items: readonly T[], listVersion: string): void {
    const { observed } = mark
    const wentBack = observed !== undefined && isOlder(listVersion, observed)
    this.#dropTombstones(mark)
    this.#removeUnlisted(items, (held) => !wentBack && isOlder(listVersion, held))
    for (const item of items) {
      const { uid, resourceVersion } = item.metadata
      const held = this.get(keyOf(item))?.metadata.resourceVersion
      const isLate = !wentBack && held !== undefined && isOlder(resourceVersion, held)
      if (!(isLate || this.#tombstones.has(uid))) this.#put(item, 'resync')
    }
    this.#observed = listVersion
  }

  /** Takes in one event of a watch. */
  apply({ type, object }: WatchEvent<T>): void {
    const { uid, resourceVersion } = object.metadata
    if (this.#hasSeen(resourceVersion)) return
    this.#observed = resourceVersion
    if (this.#tombstones.has(uid)) {
      if (type === 'DELETED') this.#tombstones.delete(uid)
      return
    }
    const key = keyOf(object)
    const held = this.get(key)?.metadata.resourceVersion
    if (held !== undefined && isOlder(resourceVersion, held)) return
    if (type === 'DELETED') this.#remove(key, 'live')
    else this.#put(object, 'live')
  }

  /** Takes in a bookmark: nothing else happened up to this version. */
  advance(version: string): void {
    if (!this.#hasSeen(version)) this.#observed = version
  }

  #hasSeen(version: string): boolean {
    return this.#observed !== undefined && isNotNewer(version, this.#observed)
  }

  /** What was deleted before a list was asked for is neither in it nor in any event after it. */
  #dropTombstones({ deletions }: ListMark): void {
    for (const [uid, number] of this.#tombstones) {
      if (number <= deletions) this.#tombstones.delete(uid)
    }
  }

  #removeUnlisted(items: readonly T[], isNewerThanList: (version: string) => boolean): void {
    const listed = new IndexedObjects<T>({})
    for (const item of items) listed.put(item)
    for (const held of this.list()) {
      const key = keyOf(held)
      const isKept = isNewerThanList(held.metadata.resourceVersion)
      if (!isKept && listed.get(key) === undefined) this.#remove(key, 'resync')
    }
  }

  #put(object: T, urgency: Urgency): void {
    const key = keyOf(object)
    const held = this.get(key)
    const isSameObject = held?.metadata.uid === object.metadata.uid
    if (isSameObject && held.metadata.resourceVersion === object.metadata.resourceVersion) return
    if (held !== undefined && !isSameObject) this.#remove(key, urgency)
    this.#objects.put(object)
    const before = isSameObject ? held : undefined
    this.#tell({ key, before, after: object, urgency })
  }

  #remove(key: ObjectKey, urgency: Urgency): void {
    const before = this.get(key)
    if (before === undefined) return
    this.#objects.remove(key)
    this.#tell({ key, before, after: undefined, urgency })
  }

  #tell(change: Change<T>): void {
    for (const subscriber of this.#subscribers) {
      try {
        subscriber(change)
      } catch (error) {
        this.#options.subscriberFailed?.(error)
      }
    }
  }
}
