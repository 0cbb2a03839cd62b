import type { ApiRequest } from '../client/api-request.ts'
import { type ApiResource, buildCollectionPath, buildObjectPath } from '../client/resource-path.ts'
import { isKubeError } from '../kube-error.ts'
import type { ObjectKey } from '../object-key.ts'
import type { ApiObject, IndexFunc } from './indexer.ts'
import { ObjectCache } from './object-cache.ts'
import {
  type Reflector,
  type ReflectorObserver,
  type ReflectorOptions,
  startReflector,
} from './reflector.ts'

export interface CachedClientOptions<T extends ApiObject>
  extends Omit<ReflectorOptions<T>, 'cache' | 'path'> {
  readonly resource: ApiResource
  /** Under which name its writes own fields. */
  readonly fieldManager: string
  /** Left out, all namespaces. */
  readonly namespace?: string | undefined
  readonly indexes?: Readonly<Record<string, IndexFunc<T>>> | undefined
  readonly onSubscriberError?: ((error: unknown) => void) | undefined
  /** Made once for each kind that is followed, where `observer` is left out. */
  readonly createObserver?: ((kind: string) => ReflectorObserver) | undefined
}

export interface PatchRequest {
  readonly key: ObjectKey
  readonly subresource?: 'status'
  /** A server-side apply without force, or a JSON merge patch. */
  readonly type: 'apply' | 'merge'
  readonly body: object
}

/** An object as it is sent. */
export interface WritableObject {
  readonly metadata: {
    readonly namespace: string
    readonly name: string
    readonly resourceVersion?: string | undefined
  }
  readonly spec?: unknown
  readonly data?: unknown
}

/**
 * One kind: a cache of its objects, and writes whose answers are in the cache when they return.
 * They fail with ApiError.
 */
export interface CachedClient<T extends ApiObject> extends Reflector {
  readonly cache: ObjectCache<T>
  create(object: WritableObject): Promise<T>
  /** Replaces an object; its resourceVersion, where given, is a precondition. */
  replace(object: WritableObject): Promise<T>
  patch(patch: PatchRequest): Promise<T>
  /** Deletes an object and, in the background, all it owns. Deleting nothing is no failure. */
  delete(key: ObjectKey): Promise<void>
}

const PATCH_TYPES = {
  apply: 'application/apply-patch+yaml',
  merge: 'application/merge-patch+json',
} as const

/** What a deletion is answered with where the object is gone at once. */
interface DeletionStatus {
  readonly kind: 'Status'
  readonly details?: { readonly uid?: string }
}

function buildWriter<T extends ApiObject>(
  { api, resource, fieldManager, transform }: CachedClientOptions<T>,
  cache: ObjectCache<T>,
): Omit<CachedClient<T>, keyof Reflector | 'cache'> {
  const acceptResponse = (answer: unknown): T => {
    const object = answer as T
    delete (object.metadata as { managedFields?: unknown }).managedFields
    cache.applyWrite(transform === undefined ? object : transform(object))
    return object
  }
  const query = { fieldManager, fieldValidation: 'Strict' }
  const write = async (request: ApiRequest): Promise<T> =>
    acceptResponse(await api.request({ ...request, query }))
  return {
    create: (object) =>
      write({
        method: 'POST',
        path: buildCollectionPath(resource, object.metadata.namespace),
        body: object,
      }),
    replace: (object) =>
      write({ method: 'PUT', path: buildObjectPath(resource, object.metadata), body: object }),
    patch: ({ key, subresource, type, body }) => {
      const path =
        buildObjectPath(resource, key) + (subresource === undefined ? '' : `/${subresource}`)
      return write({ method: 'PATCH', path, body, contentType: PATCH_TYPES[type] })
    },
    delete: async (key) => {
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' }
      const request = { method: 'DELETE', path: buildObjectPath(resource, key), body } as const
      const answer = await api.request(request).catch((error: unknown) => {
        if (!isKubeError(error, 'NotFound')) throw error
      })
      if (answer === undefined) return
      const { kind, details } = answer as DeletionStatus
      if (kind !== 'Status') acceptResponse(answer)
      else if (details?.uid !== undefined) cache.applyDelete(key, details.uid)
    },
  }
}

/** Starts to follow a kind; close it to stop. */
export function openCachedClient<T extends ApiObject>(
  options: CachedClientOptions<T>,
): CachedClient<T> {
  const { resource, namespace, indexes = {}, onSubscriberError = () => {} } = options
  const cache = new ObjectCache<T>({ indexes, onSubscriberError })
  const path = buildCollectionPath(resource, namespace)
  const observer = options.observer ?? options.createObserver?.(resource.kind)
  const reflector = startReflector<T>({ ...options, cache, path, observer })
  return {
    cache,
    synced: reflector.synced,
    lastEventMs: () => reflector.lastEventMs(),
    close: () => reflector.close(),
    ...buildWriter(options, cache),
  }
}
