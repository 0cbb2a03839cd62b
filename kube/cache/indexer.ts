import { formatObjectKey, type ObjectKey } from '../object-key.ts'

/** What every object of an API server has that a cache needs. */
export interface ApiObject {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string | undefined
    readonly uid: string
    readonly resourceVersion: string
    readonly labels?: Readonly<Record<string, string>> | undefined
    readonly ownerReferences?:
      | readonly {
          readonly uid: string
          readonly kind?: string | undefined
          readonly name?: string | undefined
          readonly controller?: boolean | undefined
        }[]
      | undefined
  }
}

/** The values under which an object is found in an index. */
export type IndexFunc<T> = (object: T) => readonly string[]

/** Finds objects by the UID of an owner. */
export const indexByOwner: IndexFunc<ApiObject> = ({ metadata }) =>
  (metadata.ownerReferences ?? []).map(({ uid }) => uid)

/** Finds objects by the value of a label. */
export const indexByLabel =
  (label: string): IndexFunc<ApiObject> =>
  ({ metadata }) => {
    const value = metadata.labels?.[label]
    return value === undefined ? [] : [value]
  }

export const toObjectKey = ({ metadata }: ApiObject): ObjectKey => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name,
})

/** Makes whatever holds on to an object unable to change it. */
function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const inner of Object.values(value)) deepFreeze(inner)
}

interface Index<T> {
  readonly indexFunc: IndexFunc<T>
  readonly buckets: Map<string, Set<T>>
}

/** Objects by name, and by the values of their indexes. */
export class Indexer<T extends ApiObject> {
  readonly #objects = new Map<string, T>()
  readonly #indexes: ReadonlyMap<string, Index<T>>

  constructor(indexes: Readonly<Record<string, IndexFunc<T>>>) {
    const entries = Object.entries(indexes)
    this.#indexes = new Map(
      entries.map(([name, indexFunc]) => [name, { indexFunc, buckets: new Map() }]),
    )
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(formatObjectKey(key))
  }

  list(): readonly T[] {
    return [...this.#objects.values()]
  }

  /** The objects that an index has under a value; fails where there is no such index. */
  find(index: string, value: string): readonly T[] {
    const entry = this.#indexes.get(index)
    if (entry === undefined) throw new RangeError(`there is no index ${index}`)
    return [...(entry.buckets.get(value) ?? [])]
  }

  set(object: T): void {
    deepFreeze(object)
    const key = toObjectKey(object)
    this.delete(key)
    this.#objects.set(formatObjectKey(key), object)
    for (const { indexFunc, buckets } of this.#indexes.values()) {
      for (const value of indexFunc(object)) {
        const bucket = buckets.get(value) ?? new Set()
        buckets.set(value, bucket.add(object))
      }
    }
  }

  delete(key: ObjectKey): void {
    const object = this.get(key)
    if (object === undefined) return
    this.#objects.delete(formatObjectKey(key))
    for (const { indexFunc, buckets } of this.#indexes.values()) {
      for (const value of indexFunc(object)) {
        const bucket = buckets.get(value)
        bucket?.delete(object)
        if (bucket?.size === 0) buckets.delete(value)
      }
    }
  }
}
