import type { V1ConfigMap, V1Job, V1Secret } from '@kubernetes/client-node'
import { OPERATOR_NAME } from '../../../crds/names.ts'
import type { ObjectMeta } from '../../../crds/object-meta.ts'
import type { CachedClient, WritableObject } from '../../../kube/cache/cached-client.ts'
import type { ApiClient } from '../../../kube/client/api-client.ts'
import { readObject } from '../../../kube/client/read-object.ts'
import {
  type ApiResource,
  buildCollectionPath,
  buildObjectPath,
} from '../../../kube/client/resource-path.ts'
import { isKubeError, KubeError } from '../../../kube/kube-error.ts'
import type { Bus } from '../../ports/bus.ts'
import type { JobRequest, ReaderRequest } from '../../ports/job-request.ts'
import { buildJobManifest, buildSecretManifest } from './build-job-manifest.ts'
import { buildReaderJob, buildReaderSecret } from './build-reader-job.ts'
import { type FrozenPlacement, findPlacementBlockers, freezePlacement } from './frozen-placement.ts'
import { CONFIG_MAP_RESOURCE, JOB_RESOURCE, SECRET_RESOURCE } from './job-caches.ts'
import type { JobDefaults } from './job-defaults.ts'
import { type ConflictingObject, toNameConflictError } from './name-conflict.ts'
import type { JobView } from './pod-view.ts'
import { buildRunConfigMap, type PodBus, parseFrozenPlacement } from './run-config-map.ts'

/** How pods reach the bus, and who signs for them. */
export interface JobBus extends PodBus {
  readonly credentials: Bus['issueCredentials']
}

export interface CreateOptions {
  readonly api: ApiClient
  readonly jobs: CachedClient<JobView>
  readonly defaults: JobDefaults
  /** Left out, pods keep their reports on the storage. */
  readonly bus?: JobBus | undefined
}

type WithMeta<T> = T & { readonly metadata?: ConflictingObject['metadata'] }

interface CreatableObject {
  readonly metadata?: object
  /** Of a Secret: what no failure may repeat. */
  readonly stringData?: Readonly<Record<string, string>>
}

const postObject = (api: ApiClient, resource: ApiResource, object: CreatableObject) =>
  api.request({
    method: 'POST',
    path: buildCollectionPath(resource, (object.metadata as { namespace: string }).namespace),
    query: { fieldManager: OPERATOR_NAME, fieldValidation: 'Strict' },
    body: object,
    secrets: Object.values(object.stringData ?? {}),
  })

/** Whether something was made: false where the name was taken. */
const tryCreate = (creation: Promise<unknown>): Promise<boolean> =>
  creation.then(
    () => true,
    (error: unknown) => {
      if (isKubeError(error, 'AlreadyExists')) return false
      throw error
    },
  )

type RunOwnedRequest = Pick<JobRequest, 'name' | 'namespace' | 'owner'>

const toRunKey = ({ namespace, owner }: RunOwnedRequest) => ({ namespace, name: owner.name })

/**
 * The ConfigMap of a run, if it is there. Fails with AlreadyExists or NameConflict where it is not
 * that of this very run.
 */
async function readRunConfigMap(api: ApiClient, request: RunOwnedRequest) {
  const found = await readObject<WithMeta<V1ConfigMap>>(api, CONFIG_MAP_RESOURCE, toRunKey(request))
  if (found === undefined) return undefined
  const owners: NonNullable<ObjectMeta['ownerReferences']> = found.metadata?.ownerReferences ?? []
  if (owners.some(({ uid }) => uid === request.owner.uid)) return found
  throw toNameConflictError({ kind: 'ConfigMap', ...toRunKey(request), metadata: found.metadata })
}

function toPlacementError({ placement }: JobRequest, defaults: JobDefaults): KubeError {
  const blockers = findPlacementBlockers(placement, defaults)
  const causes = blockers.map(({ path, message }) => ({ field: path, message }))
  return new KubeError('Invalid', causes.map(({ message }) => message).join('; '), { causes })
}

/** Creates the ConfigMap that configures every pod of the run. */
async function createConfigMap(
  { api, defaults, bus }: CreateOptions,
  request: JobRequest,
): Promise<FrozenPlacement | undefined> {
  const resolved = freezePlacement(request.placement, defaults)
  if (resolved === undefined) throw toPlacementError(request, defaults)
  const placement = { ...resolved, hasBus: bus !== undefined }
  const manifest = buildRunConfigMap(request, { placement, bus })
  return (await tryCreate(postObject(api, CONFIG_MAP_RESOURCE, manifest))) ? placement : undefined
}

/** What was written down for the run, if anything was. */
async function readFrozenPlacement(
  { api }: CreateOptions,
  request: RunOwnedRequest,
): Promise<FrozenPlacement | undefined> {
  const found = await readRunConfigMap(api, request)
  const placement = found === undefined ? undefined : parseFrozenPlacement(found)
  if (found === undefined || placement !== undefined) return placement
  const name = `${request.namespace}/${request.owner.name}`
  throw new KubeError(
    'Invalid',
    `ConfigMap ${name} cannot be read; delete it to have it made again`,
  )
}

/** What was written down for the run, by this attempt if by none before. */
async function readOrCreatePlacement(
  options: CreateOptions,
  request: JobRequest,
): Promise<FrozenPlacement> {
  const isFirst = request.program === 'trainer' && request.attempt === 1
  const created = isFirst ? await createConfigMap(options, request) : undefined
  if (created !== undefined) return created
  const found = await readFrozenPlacement(options, request)
  if (found !== undefined) return found
  const retried = await createConfigMap(options, request)
  if (retried !== undefined) return retried
  throw new KubeError(
    'Conflict',
    `ConfigMap ${request.owner.name} was made by somebody else just now`,
  )
}

/**
 * Whether the attempt has a Secret now. The bus may have been taken out of the settings since the
 * run began: its later attempts start without.
 */
async function createAttemptSecret(
  { api, bus }: CreateOptions,
  request: JobRequest,
): Promise<boolean> {
  const { namespace, owner, task, attempt } = request
  const address = { kind: 'Pod', namespace, runUid: owner.uid, task, attempt } as const
  const credentials = await bus?.credentials(address)
  if (credentials === undefined) return false
  const { caCertificate } = bus ?? {}
  const secret = { credentials: credentials.text, caCertificate }
  await replaceSecret(api, request, buildSecretManifest(request, secret))
  return true
}

/**
 * Secrets are made and deleted, never read: one that is there already is that of a Job that was not
 * made.
 */
async function replaceSecret(
  api: ApiClient,
  { namespace, name }: RunOwnedRequest,
  secret: V1Secret,
): Promise<void> {
  if (await tryCreate(postObject(api, SECRET_RESOURCE, secret))) return
  await deleteSecret(api, { namespace, name })
  await postObject(api, SECRET_RESOURCE, secret)
}

/** Deletes the Secret of an attempt; deleting nothing is no failure. Fails with ApiError. */
export async function deleteSecret(
  api: ApiClient,
  key: { readonly namespace: string; readonly name: string },
): Promise<void> {
  try {
    await api.request({ method: 'DELETE', path: buildObjectPath(SECRET_RESOURCE, key) })
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error
  }
}

async function postJob(
  { api, jobs }: CreateOptions,
  { namespace, name }: RunOwnedRequest,
  manifest: V1Job,
): Promise<void> {
  try {
    await jobs.create(manifest as WritableObject)
  } catch (error) {
    if (!isKubeError(error, 'AlreadyExists')) throw error
    const found = await readObject<WithMeta<JobView>>(api, JOB_RESOURCE, { namespace, name })
    throw toNameConflictError({ kind: 'Job', namespace, name, metadata: found?.metadata })
  }
}

/** Fails where a Job of that name is known to be there. */
function assertNameFree({ jobs }: CreateOptions, { namespace, name }: RunOwnedRequest): void {
  const cached = jobs.cache.get({ namespace, name })
  if (cached === undefined) return
  throw toNameConflictError({
    kind: 'Job',
    namespace,
    name,
    metadata: cached.metadata as ObjectMeta,
  })
}

/**
 * Makes the Job of an attempt, and before it what its pod needs: the ConfigMap of the run and a
 * Secret. Fails with ApiError, and as `nameTaken` says.
 */
export async function createJob(options: CreateOptions, request: JobRequest): Promise<void> {
  assertNameFree(options, request)
  const placement = await readOrCreatePlacement(options, request)
  const hasBus = placement.hasBus && (await createAttemptSecret(options, request))
  await postJob(options, request, buildJobManifest(request, { ...placement, hasBus }))
}

/**
 * Makes the Job that ships what ended pods of a run left, and its Secret. Fails as `createJob`
 * does, and with Invalid where the run has no ConfigMap or there is no bus.
 */
export async function createReader(options: CreateOptions, request: ReaderRequest): Promise<void> {
  assertNameFree(options, request)
  const { bus } = options
  const { namespace, owner } = request
  const placement = await readFrozenPlacement(options, request)
  const credentials = await bus?.credentials({ kind: 'Reader', namespace, runUid: owner.uid })
  if (bus === undefined || placement === undefined || credentials === undefined) {
    const why = bus === undefined ? 'there is no bus' : 'the ConfigMap of its run is gone'
    throw new KubeError('Invalid', `${namespace}/${request.name} cannot be made: ${why}`)
  }
  const access = { placement, bus, credentials: credentials.text }
  await replaceSecret(options.api, request, buildReaderSecret(request, access))
  await postJob(options, request, buildReaderJob(request, placement))
}
