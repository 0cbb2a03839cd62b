import { OPERATOR_NAME } from '../../crds/names.ts'
import type { ObjectKey } from '../../operator/ports/objects.ts'
import { isPortError } from '../../operator/ports/port-error.ts'
import type { ApiRequest } from '../client/api-client.ts'
import { collectionPath, objectPath, type Resource } from '../client/resource-path.ts'
import type { ApiObject, IndexOf } from './indexed-objects.ts'
import { ObjectCache } from './object-cache.ts'
import {
  type Reflector,
  type ReflectorObserver,
  type ReflectorOptions,
  startReflector,
} from './reflector.ts'

export interface KindOptions<T extends ApiObject>
  extends Omit<ReflectorOptions<T>, 'cache' | 'path'> {
  readonly resource: Resource
  /** Left out, all namespaces. */
  readonly namespace?: string | undefined
  readonly indexes?: Readonly<Record<string, IndexOf<T>>> | undefined
  readonly subscriberFailed?: ((error: unknown) => void) | undefined
  /** Made once for each kind that is followed, where `observer` is left out. */
  readonly observerOf?: ((kind: string) => ReflectorObserver) | undefined
}

export interface Patch {
  readonly key: ObjectKey
  readonly subresource?: 'status'
  /** A server-side apply without force, or a JSON merge patch. */
  readonly type: 'apply' | 'merge'
  readonly body: object
}

/** An object as it is sent. */
export interface Written {
  readonly metadata: {
    readonly namespace: string
    readonly name: string
    readonly resourceVersion?: string | undefined
  }
  readonly spec?: unknown
  readonly data?: unknown
}

/** One kind: a cache of its objects, and writes whose answers are in the cache when they return. They fail with ApiError. */
export interface KindClient<T extends ApiObject> extends Reflector {
  readonly cache: ObjectCache<T>
  create(object: Written): Promise<T>
  /** Replaces an object; its resourceVersion, where given, is a precondition. */
  replace(object: Written): Promise<T>
  patch(patch: Patch): Promise<T>
  /** Deletes an object and, in the background, all it owns. Deleting nothing is no failure. */
  delete(key: ObjectKey): Promise<void>
}

const PATCH_TYPES = {
  apply: 'application/apply-patch+yaml',
  merge: 'application/merge-patch+json',
} as const

const writeQuery = { fieldManager: OPERATOR_NAME, fieldValidation: 'Strict' }

/** What a deletion is answered with where the object is gone at once. */
interface Gone {
  readonly kind: 'Status'
  readonly details?: { readonly uid?: string }
}

function writesOf<T extends ApiObject>(
  { api, resource, prune }: KindOptions<T>,
  cache: ObjectCache<T>,
): Omit<KindClient<T>, keyof Reflector | 'cache'> {
  const taken = (answer: unknown): T => {
    const object = answer as T
    delete (object.metadata as { managedFields?: unknown }).managedFields
    cache.accept(prune === undefined ? object : prune(object))
    return object
  }
  const write = async (request: ApiRequest): Promise<T> =>
    taken(await api.request({ ...request, query: writeQuery }))
  return {
    create: (object) =>
      write({
        method: 'POST',
        path: collectionPath(resource, object.metadata.namespace),
        body: object,
      }),
    replace: (object) =>
      write({ method: 'PUT', path: objectPath(resource, object.metadata), body: object }),
    patch: ({ key, subresource, type, body }) => {
      const path = objectPath(resource, key) + (subresource === undefined ? '' : `/${subresource}`)
      return write({ method: 'PATCH', path, body, contentType: PATCH_TYPES[type] })
    },
    delete: async (key) => {
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' }
      const request = { method: 'DELETE', path: objectPath(resource, key), body } as const
      const answer = await api.request(request).catch((error: unknown) => {
        if (!isPortError(error, 'NotFound')) throw error
      })
      if (answer === undefined) return
      const { kind, details } = answer as Gone
      if (kind !== 'Status') taken(answer)
      else if (details?.uid !== undefined) cache.forget(key, details.uid)
    },
  }
}

/** Starts to follow a kind; close it to stop. */
export function openKind<T extends ApiObject>(options: KindOptions<T>): KindClient<T> {
  const { resource, namespace, indexes = {}, subscriberFailed = () => {} } = options
  const cache = new ObjectCache<T>({ indexes, subscriberFailed })
  const path = collectionPath(resource, namespace)
  const observer = options.observer ?? options.observerOf?.(resource.kind)
  const reflector = startReflector<T>({ ...options, cache, path, observer })
  return {
    cache,
    synced: reflector.synced,
    lastEventMs: () => reflector.lastEventMs(),
    close: () => reflector.close(),
    ...writesOf(options, cache),
  }
}
