import type { ApiClient } from '../../../kube/client/api-client.ts'
import { readApiPath, readObject } from '../../../kube/client/read-object.ts'
import type { ApiResource } from '../../../kube/client/resource-path.ts'
import { isKubeError } from '../../../kube/kube-error.ts'
import type { Clock } from '../../../std/clock.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { TtlCache } from '../../../std/ttl-cache.ts'
import type { Blocker } from '../../ports/blocker.ts'
import type { PrerequisiteQuery, Prerequisites } from '../../ports/prerequisites.ts'
import {
  buildMissingClaimBlocker,
  type ClaimReference,
  type ClaimView,
  findClaimBlockers,
  isSharedClaim,
  type VolumeBindingMode,
} from './claim-blockers.ts'
import { findPlacementBlockers } from './frozen-placement.ts'
import type { JobDefaults } from './job-defaults.ts'
import { findVolumeBlockers } from './volume-blockers.ts'

export interface KubernetesPrerequisitesOptions {
  readonly api: ApiClient
  readonly clock: Clock
  readonly defaults: JobDefaults
}

/** Hundreds of runs of one sweep ask the same within moments. */
const CACHE_TTL_MS = 5_000

const CLAIM_RESOURCE: ApiResource = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
}
const KUEUE_GROUP = 'kueue.x-k8s.io'

interface StorageClassView {
  readonly volumeBindingMode?: VolumeBindingMode
}
interface GroupView {
  readonly preferredVersion: { readonly groupVersion: string }
}

/** The claims that pods of a run mount. */
function listClaimReferences(
  { namespace, spec, parallelism }: PrerequisiteQuery,
  defaults: JobDefaults,
): ClaimReference[] {
  const storage = spec.storage ?? defaults.storage
  const { evaluationParallelism } = spec
  const common = { namespace, parallelism, ...omitUndefined({ evaluationParallelism }) }
  const storageReferences =
    storage === undefined
      ? []
      : [{ ...common, name: storage.claim, path: 'storage.claim', isStorage: true }]
  const volumeReferences = (spec.pod?.volumes ?? []).flatMap(({ claim }, index) =>
    claim === undefined
      ? []
      : [{ ...common, name: claim, path: `pod.volumes[${index}].claim`, isStorage: false }],
  )
  return [...storageReferences, ...volumeReferences]
}

class KubernetesPrerequisites implements Prerequisites {
  readonly #options: KubernetesPrerequisitesOptions
  readonly #cache: TtlCache

  constructor(options: KubernetesPrerequisitesOptions) {
    this.#options = options
    this.#cache = new TtlCache(options.clock, CACHE_TTL_MS)
  }

  async findBlockers(query: PrerequisiteQuery): Promise<readonly Blocker[]> {
    const { defaults } = this.#options
    const lookups = listClaimReferences(query, defaults).map((reference) =>
      this.#checkClaim(reference),
    )
    const found = await Promise.all([...lookups, this.#checkQueue(query)])
    return [
      ...findPlacementBlockers(query.spec, defaults),
      ...findVolumeBlockers(query.spec),
      ...found.flat(),
    ]
  }

  async findEvaluationParallelism(query: PrerequisiteQuery): Promise<number> {
    const storage = listClaimReferences(query, this.#options.defaults).find(
      ({ isStorage }) => isStorage,
    )
    const claim = storage === undefined ? undefined : await this.#readClaim(storage)
    return claim !== undefined && isSharedClaim(claim) ? 1 : 0
  }

  #readClaim({ namespace, name }: ClaimReference): Promise<ClaimView | undefined> {
    return this.#cache.getOrLoad(`claim ${namespace}/${name}`, () =>
      readObject<ClaimView>(this.#options.api, CLAIM_RESOURCE, { namespace, name }),
    )
  }

  async #checkClaim(reference: ClaimReference): Promise<Blocker[]> {
    const claim = await this.#readClaim(reference)
    if (claim === undefined) return [buildMissingClaimBlocker(reference)]
    return findClaimBlockers(reference, claim, await this.#readBindingMode(claim))
  }

  /** Asked for only where it matters: the class of a claim that is not bound. */
  async #readBindingMode({ spec, status }: ClaimView): Promise<VolumeBindingMode> {
    if (status?.phase === 'Bound' || status?.phase === 'Lost') return 'Unknown'
    const { storageClassName = '' } = spec ?? {}
    if (storageClassName === '') return 'NoClass'
    const path = `/apis/storage.k8s.io/v1/storageclasses/${encodeURIComponent(storageClassName)}`
    const found = await this.#cache.getOrLoad(path, () =>
      readApiPath<StorageClassView>(this.#options.api, path).catch(toForbidden),
    )
    return found === 'Forbidden' ? 'Unknown' : (found?.volumeBindingMode ?? 'Immediate')
  }

  async #checkQueue({ namespace, spec }: PrerequisiteQuery): Promise<Blocker[]> {
    const { queueName } = spec
    if (queueName === undefined) return []
    const toQueueBlocker = (message: string) => [
      { reason: 'QueueNotFound', path: 'queueName', message },
    ]
    const { api } = this.#options
    const group = await this.#cache.getOrLoad(KUEUE_GROUP, () =>
      readApiPath<GroupView>(api, `/apis/${KUEUE_GROUP}`),
    )
    if (group === undefined) {
      return toQueueBlocker('this cluster has no Kueue: install it, or leave queueName out')
    }
    const { groupVersion } = group.preferredVersion
    const resource = { apiVersion: groupVersion, kind: 'LocalQueue', plural: 'localqueues' }
    const queue = await this.#cache.getOrLoad(`queue ${namespace}/${queueName}`, () =>
      readObject(api, resource, { namespace, name: queueName }),
    )
    const missing = `there is no LocalQueue ${namespace}/${queueName}: create it, or name another one`
    return queue === undefined ? toQueueBlocker(missing) : []
  }
}

function toForbidden(error: unknown): 'Forbidden' {
  if (isKubeError(error, 'Forbidden')) return 'Forbidden'
  throw error
}

/**
 * What the cluster has beside runs: claims, storage classes and queues, read when asked for. Fails
 * with ApiError.
 */
export const createKubernetesPrerequisites = (
  options: KubernetesPrerequisitesOptions,
): Prerequisites => new KubernetesPrerequisites(options)
