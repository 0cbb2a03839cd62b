import type { ObjectKey } from '../../operator/ports/objects.ts'

/** A kind as its API server serves it. */
export interface Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly plural: string
}

/** Where the objects of a kind are: in one namespace, or in all where it is left out. */
export function collectionPath({ apiVersion, plural }: Resource, namespace?: string): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return `${root}${scope}/${plural}`
}

/** Where one object is. */
export const objectPath = (resource: Resource, { namespace, name }: ObjectKey): string =>
  `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`
