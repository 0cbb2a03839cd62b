import type { ApiClient } from '../../../kube/client/api-client.ts'
import { objectPath, type Resource } from '../../../kube/client/resource-path.ts'
import type { ObjectKey } from '../../ports/objects.ts'
import { isPortError } from '../../ports/port-error.ts'

/** What a path holds now; undefined where there is nothing. Fails with ApiError. */
export async function readPath<T>(api: ApiClient, path: string): Promise<T | undefined> {
  try {
    return (await api.request({ method: 'GET', path })) as T
  } catch (error) {
    if (isPortError(error, 'NotFound')) return undefined
    throw error
  }
}

/** One object as it is now; undefined where it is not there. Fails with ApiError. */
export const readObject = <T>(
  api: ApiClient,
  resource: Resource,
  key: ObjectKey,
): Promise<T | undefined> => readPath<T>(api, objectPath(resource, key))
