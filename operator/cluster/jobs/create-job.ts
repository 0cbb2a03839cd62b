import type { V1ConfigMap, V1Job, V1Secret } from '@kubernetes/client-node'
import { OPERATOR_NAME } from '../../../crds/names.ts'
import type { ObjectMeta } from '../../../crds/object-meta.ts'
import type { KindClient, Written } from '../../../kube/cache/kind-client.ts'
import type { ApiClient } from '../../../kube/client/api-client.ts'
import { collectionPath, objectPath, type Resource } from '../../../kube/client/resource-path.ts'
import type { Bus } from '../../ports/bus.ts'
import type { JobRequest, ReaderRequest } from '../../ports/job-request.ts'
import { isPortError, PortError } from '../../ports/port-error.ts'
import { buildJobManifest, buildSecretManifest } from './build-job-manifest.ts'
import { buildReaderJob, buildReaderSecret } from './build-reader-job.ts'
import { type FrozenPlacement, freezePlacement, placementObstacles } from './frozen-placement.ts'
import type { JobDefaults } from './job-defaults.ts'
import { CONFIG_MAP_RESOURCE, JOB_RESOURCE, SECRET_RESOURCE } from './job-kinds.ts'
import { nameTaken, type Taken } from './name-conflict.ts'
import type { JobView } from './pod-view.ts'
import { readObject } from './read-object.ts'
import { buildRunConfigMap, type PodBus, placementIn } from './run-config-map.ts'

/** How pods reach the bus, and who signs for them. */
export interface JobBus extends PodBus {
  readonly credentials: Bus['issueCredentials']
}

export interface CreateOptions {
  readonly api: ApiClient
  readonly jobs: KindClient<JobView>
  readonly defaults: JobDefaults
  /** Left out, pods keep their reports on the storage. */
  readonly bus?: JobBus | undefined
}

type WithMeta<T> = T & { readonly metadata?: Taken['metadata'] }

interface Made {
  readonly metadata?: object
  /** Of a Secret: what no failure may repeat. */
  readonly stringData?: Readonly<Record<string, string>>
}

const create = (api: ApiClient, resource: Resource, object: Made) =>
  api.request({
    method: 'POST',
    path: collectionPath(resource, (object.metadata as { namespace: string }).namespace),
    query: { fieldManager: OPERATOR_NAME, fieldValidation: 'Strict' },
    body: object,
    secrets: Object.values(object.stringData ?? {}),
  })

/** Whether something was made: false where the name was taken. */
const isCreated = (making: Promise<unknown>): Promise<boolean> =>
  making.then(
    () => true,
    (error: unknown) => {
      if (isPortError(error, 'AlreadyExists')) return false
      throw error
    },
  )

type OfRun = Pick<JobRequest, 'name' | 'namespace' | 'owner'>

const runKey = ({ namespace, owner }: OfRun) => ({ namespace, name: owner.name })

/** The ConfigMap of a run, if it is there. Fails with AlreadyExists or NameConflict where it is not that of this very run. */
async function readConfigMap(api: ApiClient, request: OfRun) {
  const found = await readObject<WithMeta<V1ConfigMap>>(api, CONFIG_MAP_RESOURCE, runKey(request))
  if (found === undefined) return undefined
  const owners: NonNullable<ObjectMeta['ownerReferences']> = found.metadata?.ownerReferences ?? []
  if (owners.some(({ uid }) => uid === request.owner.uid)) return found
  throw nameTaken({ kind: 'ConfigMap', ...runKey(request), metadata: found.metadata })
}

function refusal({ placement }: JobRequest, defaults: JobDefaults): PortError {
  const obstacles = placementObstacles(placement, defaults)
  const causes = obstacles.map(({ path, message }) => ({ field: path, message }))
  return new PortError('Invalid', causes.map(({ message }) => message).join('; '), { causes })
}

/** Writes down what every pod of the run is told. */
async function makeConfigMap(
  { api, defaults, bus }: CreateOptions,
  request: JobRequest,
): Promise<FrozenPlacement | undefined> {
  const resolved = freezePlacement(request.placement, defaults)
  if (resolved === undefined) throw refusal(request, defaults)
  const placement = { ...resolved, hasBus: bus !== undefined }
  const manifest = buildRunConfigMap(request, { placement, bus })
  return (await isCreated(create(api, CONFIG_MAP_RESOURCE, manifest))) ? placement : undefined
}

/** What was written down for the run, if anything was. */
async function foundPlacement(
  { api }: CreateOptions,
  request: OfRun,
): Promise<FrozenPlacement | undefined> {
  const found = await readConfigMap(api, request)
  const placement = found === undefined ? undefined : placementIn(found)
  if (found === undefined || placement !== undefined) return placement
  const name = `${request.namespace}/${request.owner.name}`
  throw new PortError(
    'Invalid',
    `ConfigMap ${name} cannot be read; delete it to have it made again`,
  )
}

/** What was written down for the run, by this attempt if by none before. */
async function placementOf(options: CreateOptions, request: JobRequest): Promise<FrozenPlacement> {
  const isFirst = request.program === 'trainer' && request.attempt === 1
  const made = isFirst ? await makeConfigMap(options, request) : undefined
  if (made !== undefined) return made
  const found = await foundPlacement(options, request)
  if (found !== undefined) return found
  const again = await makeConfigMap(options, request)
  if (again !== undefined) return again
  throw new PortError(
    'Conflict',
    `ConfigMap ${request.owner.name} was made by somebody else just now`,
  )
}

/** Whether the attempt has a Secret now. The bus may have been taken out of the settings since the run began: its later attempts start without. */
async function hasAttemptSecret(
  { api, bus }: CreateOptions,
  request: JobRequest,
): Promise<boolean> {
  const { namespace, owner, task, attempt } = request
  const address = { kind: 'Pod', namespace, runUid: owner.uid, task, attempt } as const
  const credentials = await bus?.credentials(address)
  if (credentials === undefined) return false
  const { caCertificate } = bus ?? {}
  const secret = { credentials: credentials.text, caCertificate }
  await makeSecret(api, request, buildSecretManifest(request, secret))
  return true
}

/** Secrets are made and deleted, never read: one that is there already is that of a Job that was not made. */
async function makeSecret(
  api: ApiClient,
  { namespace, name }: OfRun,
  secret: V1Secret,
): Promise<void> {
  if (await isCreated(create(api, SECRET_RESOURCE, secret))) return
  await deleteSecret(api, { namespace, name })
  await create(api, SECRET_RESOURCE, secret)
}

/** Deletes the Secret of an attempt; deleting nothing is no failure. Fails with ApiError. */
export async function deleteSecret(
  api: ApiClient,
  key: { readonly namespace: string; readonly name: string },
): Promise<void> {
  try {
    await api.request({ method: 'DELETE', path: objectPath(SECRET_RESOURCE, key) })
  } catch (error) {
    if (!isPortError(error, 'NotFound')) throw error
  }
}

async function makeJob(
  { api, jobs }: CreateOptions,
  { namespace, name }: OfRun,
  manifest: V1Job,
): Promise<void> {
  try {
    await jobs.create(manifest as Written)
  } catch (error) {
    if (!isPortError(error, 'AlreadyExists')) throw error
    const found = await readObject<WithMeta<JobView>>(api, JOB_RESOURCE, { namespace, name })
    throw nameTaken({ kind: 'Job', namespace, name, metadata: found?.metadata })
  }
}

/** Fails where a Job of that name is known to be there. */
function checkFree({ jobs }: CreateOptions, { namespace, name }: OfRun): void {
  const held = jobs.cache.get({ namespace, name })
  if (held === undefined) return
  throw nameTaken({ kind: 'Job', namespace, name, metadata: held.metadata as ObjectMeta })
}

/** Makes the Job of an attempt, and before it what its pod needs: the ConfigMap of the run and a Secret. Fails with ApiError, and as `nameTaken` says. */
export async function createJob(options: CreateOptions, request: JobRequest): Promise<void> {
  checkFree(options, request)
  const placement = await placementOf(options, request)
  const hasBus = placement.hasBus && (await hasAttemptSecret(options, request))
  await makeJob(options, request, buildJobManifest(request, { ...placement, hasBus }))
}

/** Makes the Job that ships what ended pods of a run left, and its Secret. Fails as `createJob` does, and with Invalid where the run has no ConfigMap or there is no bus. */
export async function createReader(options: CreateOptions, request: ReaderRequest): Promise<void> {
  checkFree(options, request)
  const { bus } = options
  const { namespace, owner } = request
  const placement = await foundPlacement(options, request)
  const credentials = await bus?.credentials({ kind: 'Reader', namespace, runUid: owner.uid })
  if (bus === undefined || placement === undefined || credentials === undefined) {
    const why = bus === undefined ? 'there is no bus' : 'the ConfigMap of its run is gone'
    throw new PortError('Invalid', `${namespace}/${request.name} cannot be made: ${why}`)
  }
  const given = { placement, bus, credentials: credentials.text }
  await makeSecret(options.api, request, buildReaderSecret(request, given))
  await makeJob(options, request, buildReaderJob(request, placement))
}
