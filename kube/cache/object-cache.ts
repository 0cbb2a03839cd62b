import { BoundedMap } from '../../std/bounded-map.ts'
import type { ObjectKey } from '../object-key.ts'
import type { Urgency } from '../urgency.ts'
import { type ApiObject, Indexer, type IndexFunc, toObjectKey } from './indexer.ts'
import { isOlderVersion, isSameOrOlderVersion } from './resource-version.ts'

/** An object appeared (no before), changed, or went (no after). */
export interface CacheChange<T> {
  readonly key: ObjectKey
  readonly before: T | undefined
  readonly after: T | undefined
  readonly urgency: Urgency
}

export interface CacheOptions<T> {
  readonly indexes?: Readonly<Record<string, IndexFunc<T>>>
  /** Called with what a subscriber threw; the others are notified all the same. */
  readonly onSubscriberError?: (error: unknown) => void
}

/** What the cache knew when a list was asked for. */
export interface ListStart {
  readonly deletions: number
  readonly observedVersion: string | undefined
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: T
}

/** Beyond this many, the oldest deletion is older than any event that is still to come. */
const MAX_TOMBSTONES = 10_000

/**
 * The objects of one kind as an API server has them, never older than what this process wrote
 * itself: an answer to a write goes in at once, and what arrives late by list or watch does not
 * undo it. A cache therefore never says that an object is gone because it does not know of it yet.
 */
export class ObjectCache<T extends ApiObject> {
  readonly #options: CacheOptions<T>
  readonly #objects: Indexer<T>
  readonly #subscribers = new Set<(change: CacheChange<T>) => void>()
  /**
   * UIDs that this process deleted and the watch has not yet reported, with the number of the
   * deletion.
   */
  readonly #tombstones = new BoundedMap<string, number>(MAX_TOMBSTONES)
  #deletions = 0
  /** Everything up to this version has been seen by list and watch. */
  #observedVersion: string | undefined

  constructor(options: CacheOptions<T> = {}) {
    this.#options = options
    this.#objects = new Indexer(options.indexes ?? {})
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
  subscribe(subscriber: (change: CacheChange<T>) => void): () => void {
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }

  /** Takes in the answer to a write, unless something newer is known. */
  applyWrite(object: T): void {
    const { resourceVersion, uid } = object.metadata
    if (this.#tombstones.has(uid) || this.#hasObserved(resourceVersion)) return
    const cached = this.get(toObjectKey(object))
    if (
      cached !== undefined &&
      isSameOrOlderVersion(resourceVersion, cached.metadata.resourceVersion)
    )
      return
    this.#put(object, 'live')
  }

  /** Takes in that a deletion was answered: the object is gone, whatever older events still say. */
  applyDelete(key: ObjectKey, uid: string): void {
    this.#tombstones.set(uid, ++this.#deletions)
    if (this.get(key)?.metadata.uid === uid) this.#remove(key, 'live')
  }

  /** To be called right before a list is asked for. */
  startList(): ListStart {
    return { deletions: this.#deletions, observedVersion: this.#observedVersion }
  }

  /** Takes in a whole list and the version it stands for. */
  replace(listStart: ListStart, items: readonly T[], listVersion: string): void {
    const { observedVersion } = listStart
    const isRolledBack =
      observedVersion !== undefined && isOlderVersion(listVersion, observedVersion)
    this.#dropTombstones(listStart)
    this.#removeUnlisted(items, (cached) => !isRolledBack && isOlderVersion(listVersion, cached))
    for (const item of items) {
      const { uid, resourceVersion } = item.metadata
      const cached = this.get(toObjectKey(item))?.metadata.resourceVersion
      const isStale =
        !isRolledBack && cached !== undefined && isOlderVersion(resourceVersion, cached)
      if (!(isStale || this.#tombstones.has(uid))) this.#put(item, 'resync')
    }
    this.#observedVersion = listVersion
  }

  /** Takes in one event of a watch. */
  applyEvent({ type, object }: WatchEvent<T>): void {
    const { uid, resourceVersion } = object.metadata
    if (this.#hasObserved(resourceVersion)) return
    this.#observedVersion = resourceVersion
    if (this.#tombstones.has(uid)) {
      if (type === 'DELETED') this.#tombstones.delete(uid)
      return
    }
    const key = toObjectKey(object)
    const cached = this.get(key)?.metadata.resourceVersion
    if (cached !== undefined && isOlderVersion(resourceVersion, cached)) return
    if (type === 'DELETED') this.#remove(key, 'live')
    else this.#put(object, 'live')
  }

  /** Takes in a bookmark: nothing else happened up to this version. */
  applyBookmark(version: string): void {
    if (!this.#hasObserved(version)) this.#observedVersion = version
  }

  #hasObserved(version: string): boolean {
    return (
      this.#observedVersion !== undefined && isSameOrOlderVersion(version, this.#observedVersion)
    )
  }

  /** What was deleted before a list was asked for is neither in it nor in any event after it. */
  #dropTombstones({ deletions }: ListStart): void {
    for (const [uid, number] of this.#tombstones.entries()) {
      if (number <= deletions) this.#tombstones.delete(uid)
    }
  }

  #removeUnlisted(items: readonly T[], isNewerThanList: (version: string) => boolean): void {
    const listed = new Indexer<T>({})
    for (const item of items) listed.set(item)
    for (const cached of this.list()) {
      const key = toObjectKey(cached)
      const isNewer = isNewerThanList(cached.metadata.resourceVersion)
      if (!isNewer && listed.get(key) === undefined) this.#remove(key, 'resync')
    }
  }

  #put(object: T, urgency: Urgency): void {
    const key = toObjectKey(object)
    const cached = this.get(key)
    const isSameObject = cached?.metadata.uid === object.metadata.uid
    if (isSameObject && cached.metadata.resourceVersion === object.metadata.resourceVersion) return
    if (cached !== undefined && !isSameObject) this.#remove(key, urgency)
    this.#objects.set(object)
    const before = isSameObject ? cached : undefined
    this.#notify({ key, before, after: object, urgency })
  }

  #remove(key: ObjectKey, urgency: Urgency): void {
    const before = this.get(key)
    if (before === undefined) return
    this.#objects.delete(key)
    this.#notify({ key, before, after: undefined, urgency })
  }

  #notify(change: CacheChange<T>): void {
    for (const subscriber of this.#subscribers) {
      try {
        subscriber(change)
      } catch (error) {
        this.#options.onSubscriberError?.(error)
      }
    }
  }
}
