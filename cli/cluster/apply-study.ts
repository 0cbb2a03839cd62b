import { ApiError } from '../../kube/client/api-error.ts'
import { readObject } from '../../kube/client/read-object.ts'
import { type ApiResource, buildObjectPath } from '../../kube/client/resource-path.ts'
import type { FieldCause } from '../../kube/kube-error.ts'
import { RUN_RESOURCE, SWEEP_RESOURCE } from '../../operator/cluster/kubernetes-objects.ts'
import type { StoredRun, StoredSweep } from '../../operator/ports/objects.ts'
import { InputError } from '../input-error.ts'
import type { Manifest } from '../manifest/read-manifest.ts'
import { stripRequestPrefix } from './explain-api-error.ts'
import type { Cluster } from './open-cluster.ts'

/** The field manager of server-side apply. */
export const FIELD_MANAGER = 'neco'

interface ApplyRequest {
  readonly manifest: Manifest
  /** The manifest as it was typed, for messages. */
  readonly file: string
  /** Whether fields of other managers are taken over. */
  readonly isForced: boolean
}

export type ApplyResult = 'created' | 'configured' | 'unchanged'

interface ApplyTarget {
  readonly resource: ApiResource
  readonly key: { readonly namespace: string; readonly name: string }
  readonly object: Readonly<Record<string, unknown>>
}

const toManifestObject = (manifest: Manifest) =>
  manifest.kind === 'NeCoRun' ? manifest.run : manifest.sweep

/**
 * The namespace of a study: that of the flag, of the manifest, or of the context. Throws InputError
 * where the first two differ.
 */
export function chooseManifestNamespace(
  { namespace, isNamespaceGiven }: Cluster,
  { manifest, file }: Pick<ApplyRequest, 'manifest' | 'file'>,
): string {
  const manifestNamespace = toManifestObject(manifest).metadata.namespace
  if (manifestNamespace === undefined || manifestNamespace === namespace) return namespace
  if (!isNamespaceGiven) return manifestNamespace
  throw new InputError([
    `${file}: metadata.namespace is ${manifestNamespace}, --namespace ${namespace}: leave one of them out`,
  ])
}

function buildApplyTarget(cluster: Cluster, { manifest, file }: ApplyRequest): ApplyTarget {
  const { apiVersion, kind, metadata, spec } = toManifestObject(manifest)
  const namespace = chooseManifestNamespace(cluster, { manifest, file })
  return {
    resource: manifest.kind === 'NeCoRun' ? RUN_RESOURCE : SWEEP_RESOURCE,
    key: { namespace, name: metadata.name },
    object: { apiVersion, kind, metadata: { ...metadata, namespace }, spec },
  }
}

const toCauseLine = (file: string, { field, message }: FieldCause): string =>
  `${file}: ${field.replace(/^\./, '')}: ${message}`

/** What an API server rejected, field by field. */
function toApplyError(error: unknown, file: string, { key }: ApplyTarget): unknown {
  if (!(error instanceof ApiError)) return error
  const apiMessage = stripRequestPrefix(error)
  const lines = error.causes.map((cause) => toCauseLine(file, cause))
  if (error.code === 'Conflict') {
    return new InputError([...lines, `${file}: --force-conflicts takes these fields over`])
  }
  if (error.status === 404) {
    const { namespace } = key
    return new InputError([
      `${file}: ${apiMessage}; make it with kubectl create namespace ${namespace}`,
    ])
  }
  if (error.code !== 'Invalid') return error
  return new InputError(lines.length > 0 ? lines : [`${file}: ${apiMessage}`], { cause: error })
}

/**
 * Server-side apply with strict validation: unknown fields are rejected, and applying the same
 * manifest again changes nothing. Throws InputError with the message of the API server.
 */
export async function applyStudy(cluster: Cluster, request: ApplyRequest): Promise<ApplyResult> {
  const { api } = cluster
  const target = buildApplyTarget(cluster, request)
  const { resource, key, object } = target
  const before = await readObject<StoredRun | StoredSweep>(api, resource, key)
  const applied = await api
    .request({
      method: 'PATCH',
      path: buildObjectPath(resource, key),
      query: {
        fieldManager: FIELD_MANAGER,
        fieldValidation: 'Strict',
        force: request.isForced ? true : undefined,
      },
      contentType: 'application/apply-patch+yaml',
      body: object,
    })
    .catch((error: unknown) => {
      throw toApplyError(error, request.file, target)
    })
  if (before === undefined) return 'created'
  const { generation } = (applied as StoredRun | StoredSweep).metadata
  return generation === before.metadata.generation ? 'unchanged' : 'configured'
}
