import type { ObjectKey } from '../object-key.ts'

/** A kind as its API server serves it. */
export interface ApiResource {
  readonly apiVersion: string
  readonly kind: string
  readonly plural: string
}

/** Where the objects of a kind are: in one namespace, or in all where it is left out. */
export function buildCollectionPath(
  { apiVersion, plural }: ApiResource,
  namespace?: string,
): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return `${root}${scope}/${plural}`
}

/** Where one object is. */
export const buildObjectPath = (resource: ApiResource, { namespace, name }: ObjectKey): string =>
  `${buildCollectionPath(resource, namespace)}/${encodeURIComponent(name)}`
