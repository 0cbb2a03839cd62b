import { isKubeError } from '../kube-error.ts'
import type { ObjectKey } from '../object-key.ts'
import type { ApiClient } from './api-client.ts'
import { type ApiResource, buildObjectPath } from './resource-path.ts'

/** What a path holds now; undefined where there is nothing. Fails with ApiError. */
export async function readApiPath<T>(api: ApiClient, path: string): Promise<T | undefined> {
  try {
    return (await api.request({ method: 'GET', path })) as T
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return undefined
    throw error
  }
}

/** One object as it is now; undefined where it is not there. Fails with ApiError. */
export const readObject = <T>(
  api: ApiClient,
  resource: ApiResource,
  key: ObjectKey,
): Promise<T | undefined> => readApiPath<T>(api, buildObjectPath(resource, key))
