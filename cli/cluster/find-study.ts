import { LABELS } from '../../crds/names.ts'
import { findNearestName } from '../../crds/nearest-name.ts'
import type { ApiClient } from '../../kube/client/api-client.ts'
import { readObject } from '../../kube/client/read-object.ts'
import { type ApiResource, buildCollectionPath } from '../../kube/client/resource-path.ts'
import { RUN_RESOURCE, SWEEP_RESOURCE } from '../../operator/cluster/kubernetes-objects.ts'
import type { StoredRun, StoredSweep } from '../../operator/ports/objects.ts'
import { InputError } from '../input-error.ts'
import type { Study } from '../study.ts'
import type { Cluster } from './open-cluster.ts'

const PAGE_SIZE = 500
/** More names than this are counted only. */
const NAMES_SHOWN = 8

interface Page<T> {
  readonly metadata: { readonly continue?: string }
  readonly items: readonly T[]
}

/** All objects of a kind in a namespace, page by page. */
async function listAllPages<T>(
  api: ApiClient,
  { resource, namespace, labelSelector }: Listing,
): Promise<readonly T[]> {
  const path = buildCollectionPath(resource, namespace)
  const all: T[] = []
  let token: string | undefined
  do {
    const query = { limit: PAGE_SIZE, labelSelector, continue: token }
    const page = (await api.request({ method: 'GET', path, query })) as Page<T>
    all.push(...page.items)
    token = page.metadata.continue === '' ? undefined : page.metadata.continue
  } while (token !== undefined)
  return all
}

interface Listing {
  readonly resource: ApiResource
  readonly namespace: string
  readonly labelSelector?: string
}

/** The label by which the runs of a sweep are found. */
export const buildSweepRunSelector = (sweep: string): string => `${LABELS.sweep}=${sweep}`

/** Whether a run is owned by this very sweep, not by an earlier one of the same name. */
export const isRunOwnedBySweep = (sweep: StoredSweep, { metadata }: StoredRun): boolean =>
  metadata.ownerReferences?.some(({ uid }) => uid === sweep.metadata.uid) ?? false

async function readSweepStudy({ api, namespace }: Cluster, sweep: StoredSweep): Promise<Study> {
  const labelSelector = buildSweepRunSelector(sweep.metadata.name)
  const runs = await listAllPages<StoredRun>(api, {
    resource: RUN_RESOURCE,
    namespace,
    labelSelector,
  })
  return { kind: 'NeCoSweep', sweep, runs: runs.filter((run) => isRunOwnedBySweep(sweep, run)) }
}

/** Sweeps, and runs without a sweep. */
async function listStudyNames({ api, namespace }: Cluster): Promise<readonly string[]> {
  const sweeps = await listAllPages<StoredSweep>(api, { resource: SWEEP_RESOURCE, namespace })
  const labelSelector = `!${LABELS.sweep}`
  const runs = await listAllPages<StoredRun>(api, {
    resource: RUN_RESOURCE,
    namespace,
    labelSelector,
  })
  return [...sweeps, ...runs].map(({ metadata }) => metadata.name)
}

function formatNames(names: readonly string[]): string {
  if (names.length === 0) return 'there is none'
  const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : ''
  return `there are ${names.slice(0, NAMES_SHOWN).join(', ')}${more}`
}

async function buildNotFoundError(cluster: Cluster, name: string): Promise<InputError> {
  const names = await listStudyNames(cluster)
  const nearest = findNearestName(name, names)
  const hint = nearest === undefined ? formatNames(names) : `did you mean ${nearest}?`
  return new InputError([
    `${name}: no NeCoSweep or NeCoRun of this name in namespace ${cluster.namespace}; ${hint}`,
  ])
}

/**
 * The only study of the namespace, for a command without a name. Throws InputError unless there is
 * exactly one.
 */
export async function findOnlyStudyName(cluster: Cluster): Promise<string> {
  const names = await listStudyNames(cluster)
  if (names[0] !== undefined && names.length === 1) return names[0]
  throw new InputError([
    `NAME of the study is missing; in namespace ${cluster.namespace} ${formatNames(names)}`,
  ])
}

/**
 * The sweep of a name with its runs, else the run of that name. Throws InputError with the nearest
 * name where there is neither.
 */
export async function findStudy(cluster: Cluster, name: string): Promise<Study> {
  const { api, namespace } = cluster
  const sweep = await readObject<StoredSweep>(api, SWEEP_RESOURCE, { namespace, name })
  if (sweep !== undefined) return readSweepStudy(cluster, sweep)
  const run = await readObject<StoredRun>(api, RUN_RESOURCE, { namespace, name })
  if (run !== undefined) return { kind: 'NeCoRun', run }
  throw await buildNotFoundError(cluster, name)
}
