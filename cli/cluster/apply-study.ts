import { ApiError } from '../../operator/cluster/api-error.ts'
import { readObject } from '../../operator/cluster/jobs/read-object.ts'
import { RUN_RESOURCE, SWEEP_RESOURCE } from '../../operator/cluster/kubernetes-objects.ts'
import { objectPath, type Resource } from '../../operator/cluster/resource-path.ts'
import type { StoredRun, StoredSweep } from '../../operator/ports/objects.ts'
import type { FieldCause } from '../../operator/ports/port-error.ts'
import { InputError } from '../input-error.ts'
import type { Manifest } from '../manifest/read-manifest.ts'
import { saidBy } from './explain-failure.ts'
import type { Cluster } from './open-cluster.ts'

/** Who writes what a person typed. */
export const FIELD_MANAGER = 'neco'

interface Applying {
  readonly manifest: Manifest
  /** The manifest as it was typed, for messages. */
  readonly file: string
  /** Whether fields that somebody else has set are taken over. */
  readonly isForced: boolean
}

export type Applied = 'created' | 'configured' | 'unchanged'

interface Target {
  readonly resource: Resource
  readonly key: { readonly namespace: string; readonly name: string }
  readonly object: Readonly<Record<string, unknown>>
}

const objectOf = (manifest: Manifest) =>
  manifest.kind === 'NeCoRun' ? manifest.run : manifest.sweep

/** The namespace of a study: that of the flag, of the manifest, or of the context. Throws InputError where the first two differ. */
export function namespaceOf(
  { namespace, isNamespaceGiven }: Cluster,
  { manifest, file }: Pick<Applying, 'manifest' | 'file'>,
): string {
  const written = objectOf(manifest).metadata.namespace
  if (written === undefined || written === namespace) return namespace
  if (!isNamespaceGiven) return written
  throw new InputError([
    `${file}: metadata.namespace is ${written}, --namespace ${namespace}: leave one of them out`,
  ])
}

function targetOf(cluster: Cluster, { manifest, file }: Applying): Target {
  const { apiVersion, kind, metadata, spec } = objectOf(manifest)
  const namespace = namespaceOf(cluster, { manifest, file })
  return {
    resource: manifest.kind === 'NeCoRun' ? RUN_RESOURCE : SWEEP_RESOURCE,
    key: { namespace, name: metadata.name },
    object: { apiVersion, kind, metadata: { ...metadata, namespace }, spec },
  }
}

const lineOf = (file: string, { field, message }: FieldCause): string =>
  `${file}: ${field.replace(/^\./, '')}: ${message}`

/** What an API server refused, field by field. */
function refusal(error: unknown, file: string, { key }: Target): unknown {
  if (!(error instanceof ApiError)) return error
  const said = saidBy(error)
  const lines = error.causes.map((cause) => lineOf(file, cause))
  if (error.code === 'Conflict') {
    return new InputError([...lines, `${file}: --force-conflicts takes these fields over`])
  }
  if (error.status === 404) {
    const { namespace } = key
    return new InputError([`${file}: ${said}; make it with kubectl create namespace ${namespace}`])
  }
  if (error.code !== 'Invalid') return error
  return new InputError(lines.length > 0 ? lines : [`${file}: ${said}`], { cause: error })
}

/** Server-side apply with strict validation: what is not in the schema is refused, and the same manifest again changes nothing. Throws InputError with what the API server says. */
export async function applyStudy(cluster: Cluster, applying: Applying): Promise<Applied> {
  const { api } = cluster
  const target = targetOf(cluster, applying)
  const { resource, key, object } = target
  const before = await readObject<StoredRun | StoredSweep>(api, resource, key)
  const applied = await api
    .request({
      method: 'PATCH',
      path: objectPath(resource, key),
      query: {
        fieldManager: FIELD_MANAGER,
        fieldValidation: 'Strict',
        force: applying.isForced ? true : undefined,
      },
      contentType: 'application/apply-patch+yaml',
      body: object,
    })
    .catch((error: unknown) => {
      throw refusal(error, applying.file, target)
    })
  if (before === undefined) return 'created'
  const { generation } = (applied as StoredRun | StoredSweep).metadata
  return generation === before.metadata.generation ? 'unchanged' : 'configured'
}
