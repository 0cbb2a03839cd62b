import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node'
import { type ApiConnection, type ApiResponse, formatApiRefusal } from './api-connection.ts'
import type {
  ClaimFolder,
  KeyedData,
  KeyedObjects,
  ReferencedObjects,
  TokenRequest,
} from './keyed-objects.ts'
import type { Pod } from './pod-object.ts'

type FoundObject<T> = readonly [string, T | undefined]

const present = <T>(found: readonly FoundObject<T>[]): Map<string, T> =>
  new Map(found.filter((entry): entry is readonly [string, T] => entry[1] !== undefined))

/**
 * Reads the objects of those names that a pod refers to. Rejects when the API server cannot be
 * reached or refuses.
 */
export async function readPodObjects(
  api: ApiConnection,
  pod: Pod,
  names: ReferencedObjects,
): Promise<KeyedObjects> {
  const { namespace } = pod.metadata
  const base = `/api/v1/namespaces/${namespace}`
  const all = <T>(list: readonly string[], read: (name: string) => Promise<T | undefined>) =>
    Promise.all(list.map(async (name): Promise<FoundObject<T>> => [name, await read(name)]))
  const [configMaps, secrets, claims, tokens] = await Promise.all([
    all(names.configMaps, (name) => readKeyed(api, `${base}/configmaps/${name}`)),
    all(names.secrets, (name) => readKeyed(api, `${base}/secrets/${name}`)),
    all(names.claims, (name) => readClaim(api, `${base}/persistentvolumeclaims/${name}`)),
    Promise.all(
      names.tokens.map(
        async (token): Promise<FoundObject<string>> => [
          token.key,
          await requestToken(api, pod, token),
        ],
      ),
    ),
  ])
  return {
    namespace,
    configMaps: present(configMaps),
    secrets: present(secrets),
    claims: present(claims),
    tokens: present(tokens),
  }
}

/** The body of an object that is there, undefined when it is not. */
async function read(api: ApiConnection, path: string): Promise<unknown> {
  const answer = await api.call({ method: 'GET', path })
  if (answer.status === 404) return undefined
  if (answer.status !== 200) throw refused(path, answer)
  return answer.body
}

const refused = (path: string, answer: ApiResponse): Error =>
  new Error(`${path}: ${formatApiRefusal(answer)}`)

interface KeyedObjectBody {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly data?: Readonly<Record<string, string>>
  readonly binaryData?: Readonly<Record<string, string>>
}

async function readKeyed(api: ApiConnection, path: string): Promise<KeyedData | undefined> {
  const found = (await read(api, path)) as KeyedObjectBody | undefined
  if (found === undefined) return undefined
  const encoding = found.kind === 'Secret' ? 'base64' : 'utf8'
  const entries = [
    ...Object.entries(found.data ?? {}).map(([key, text]) => [key, Buffer.from(text, encoding)]),
    ...Object.entries(found.binaryData ?? {}).map(([key, text]) => [
      key,
      Buffer.from(text, 'base64'),
    ]),
  ] as [string, Buffer][]
  return new Map(entries)
}

async function readClaim(api: ApiConnection, path: string): Promise<ClaimFolder | undefined> {
  const claim = (await read(api, path)) as V1PersistentVolumeClaim | undefined
  if (claim === undefined) return undefined
  const volumeName = claim.spec?.volumeName
  if (claim.status?.phase !== 'Bound' || volumeName === undefined) {
    return { kind: 'Unusable', message: `persistentvolumeclaim ${claim.metadata?.name} not bound` }
  }
  const volumePath = `/api/v1/persistentvolumes/${volumeName}`
  const volume = (await read(api, volumePath)) as V1PersistentVolume | undefined
  const folder = volume?.spec?.hostPath?.path ?? volume?.spec?.local?.path
  if (folder !== undefined) return { kind: 'Folder', path: folder }
  return { kind: 'Unusable', message: `persistentvolume ${volumeName} is on no path of this node` }
}

async function requestToken(
  api: ApiConnection,
  { metadata, spec }: Pod,
  { audience, expirationSeconds }: TokenRequest,
): Promise<string | undefined> {
  const account = spec.serviceAccountName ?? 'default'
  const path = `/api/v1/namespaces/${metadata.namespace}/serviceaccounts/${account}/token`
  const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: metadata.name, uid: metadata.uid }
  const audiences = audience === undefined ? {} : { audiences: [audience] }
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { ...audiences, expirationSeconds, boundObjectRef },
  }
  const answer = await api.call({ method: 'POST', path, body })
  if (answer.status !== 201) return undefined
  return (answer.body as { readonly status?: { readonly token?: string } }).status?.token
}
