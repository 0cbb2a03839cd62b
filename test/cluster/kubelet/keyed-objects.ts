import type { V1Volume } from '@kubernetes/client-node'
import type { Container, Pod } from './pod-object.ts'

/** Contents of a ConfigMap or Secret by key. */
export type KeyedData = ReadonlyMap<string, Buffer>

/**
 * What a pod's containers and volumes refer to, as it was read; an object that does not exist is
 * not in its map.
 */
export interface KeyedObjects {
  readonly namespace: string
  readonly configMaps: ReadonlyMap<string, KeyedData>
  readonly secrets: ReadonlyMap<string, KeyedData>
  /**
   * Folder on this machine of each claim that is bound; a message for one that cannot be mounted.
   */
  readonly claims: ReadonlyMap<string, ClaimFolder>
  /** Service account tokens by `volume/path`. */
  readonly tokens: ReadonlyMap<string, string>
}

export type ClaimFolder =
  | { readonly kind: 'Folder'; readonly path: string }
  | { readonly kind: 'Unusable'; readonly message: string }

/** A value, or why there is none yet; a kubelet tries again in that case. */
export type Resolved<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string }

export const resolved = <T>(value: T): Resolved<T> => ({ ok: true, value })
export const unresolved = <T>(message: string): Resolved<T> => ({ ok: false, message })

export type KeyedKind = 'configmap' | 'secret'

export interface KeyReference {
  readonly kind: KeyedKind
  readonly name: string
  readonly key: string
  readonly optional: boolean
}

const selectObjectMap = (objects: KeyedObjects, kind: KeyedKind) =>
  kind === 'secret' ? objects.secrets : objects.configMaps

/** All keys of an object. An optional object that is missing gives undefined. */
export function lookUpObject(
  objects: KeyedObjects,
  { kind, name, optional }: Omit<KeyReference, 'key'>,
): Resolved<KeyedData | undefined> {
  const data = selectObjectMap(objects, kind).get(name)
  if (data === undefined && !optional) return unresolved(`${kind} "${name}" not found`)
  return resolved(data)
}

/** One key of an object. An optional one that is missing gives undefined. */
export function lookUpKey(
  objects: KeyedObjects,
  reference: KeyReference,
): Resolved<Buffer | undefined> {
  const found = lookUpObject(objects, reference)
  if (!found.ok) return found
  const value = found.value?.get(reference.key)
  if (value !== undefined || reference.optional) return resolved(value)
  const kind = reference.kind === 'secret' ? 'Secret' : 'ConfigMap'
  return unresolved(
    `couldn't find key ${reference.key} in ${kind} ${objects.namespace}/${reference.name}`,
  )
}

/** Names of the objects that a pod refers to. */
export interface ReferencedObjects {
  readonly configMaps: readonly string[]
  readonly secrets: readonly string[]
  readonly claims: readonly string[]
  readonly tokens: readonly TokenRequest[]
}

export interface TokenRequest {
  /** `volume/path` of the file that the token goes into. */
  readonly key: string
  readonly audience: string | undefined
  readonly expirationSeconds: number
}

const present = (names: readonly (string | undefined)[]): string[] => [
  ...new Set(names.filter((name) => name !== undefined)),
]

/** The objects that the environment of a container names. */
export function environmentReferences({ env = [], envFrom = [] }: Container): ReferencedObjects {
  const sources = env.map(({ valueFrom }) => valueFrom)
  return {
    configMaps: present([
      ...sources.map((from) => from?.configMapKeyRef?.name),
      ...envFrom.map((from) => from.configMapRef?.name),
    ]),
    secrets: present([
      ...sources.map((from) => from?.secretKeyRef?.name),
      ...envFrom.map((from) => from.secretRef?.name),
    ]),
    claims: [],
    tokens: [],
  }
}

/** The objects that the volumes of a pod name. */
export function volumeReferences({ spec: { volumes = [] } }: Pod): ReferencedObjects {
  const parts = volumes.flatMap(({ projected }) => projected?.sources ?? [])
  return {
    configMaps: present([...volumes, ...parts].map(({ configMap }) => configMap?.name)),
    secrets: present([
      ...volumes.map(({ secret }) => secret?.secretName),
      ...parts.map(({ secret }) => secret?.name),
    ]),
    claims: present(volumes.map((volume) => volume.persistentVolumeClaim?.claimName)),
    tokens: volumes.flatMap(listTokenRequests),
  }
}

const DEFAULT_TOKEN_SECONDS = 3600

const listTokenRequests = ({ name, projected }: V1Volume): readonly TokenRequest[] =>
  (projected?.sources ?? []).flatMap(({ serviceAccountToken: token }) => {
    if (token === undefined) return []
    const { path, audience, expirationSeconds = DEFAULT_TOKEN_SECONDS } = token
    return [{ key: `${name}/${path}`, audience, expirationSeconds }]
  })
