import { BriefMemory } from '../../../kube/brief-memory.ts'
import type { ApiClient } from '../../../kube/client/api-client.ts'
import type { Resource } from '../../../kube/client/resource-path.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { Blocker } from '../../ports/blocker.ts'
import type { Clock } from '../../ports/clock.ts'
import { isPortError } from '../../ports/port-error.ts'
import type { PrerequisiteQuery, Prerequisites } from '../../ports/prerequisites.ts'
import {
  type Binding,
  type ClaimUse,
  type ClaimView,
  claimMissing,
  claimObstacles,
  isSharedClaim,
} from './claim-obstacles.ts'
import { placementObstacles } from './frozen-placement.ts'
import type { JobDefaults } from './job-defaults.ts'
import { volumeObstacles } from './named-volumes.ts'
import { readObject, readPath } from './read-object.ts'

export interface SurroundingsOptions {
  readonly api: ApiClient
  readonly clock: Clock
  readonly defaults: JobDefaults
}

/** Hundreds of runs of one sweep ask the same within moments. */
const REMEMBERED_MS = 5_000

const CLAIM_RESOURCE: Resource = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
}
const KUEUE_GROUP = 'kueue.x-k8s.io'

interface StorageClassView {
  readonly volumeBindingMode?: Binding
}
interface GroupView {
  readonly preferredVersion: { readonly groupVersion: string }
}

/** The claims that pods of a run mount. */
function claimUses(
  { namespace, spec, parallelism }: PrerequisiteQuery,
  defaults: JobDefaults,
): ClaimUse[] {
  const storage = spec.storage ?? defaults.storage
  const { evaluationParallelism } = spec
  const common = { namespace, parallelism, ...omitUndefined({ evaluationParallelism }) }
  const ofStorage =
    storage === undefined
      ? []
      : [{ ...common, name: storage.claim, path: 'storage.claim', isStorage: true }]
  const ofVolumes = (spec.pod?.volumes ?? []).flatMap(({ claim }, index) =>
    claim === undefined
      ? []
      : [{ ...common, name: claim, path: `pod.volumes[${index}].claim`, isStorage: false }],
  )
  return [...ofStorage, ...ofVolumes]
}

class KubernetesSurroundings implements Prerequisites {
  readonly #options: SurroundingsOptions
  readonly #memory: BriefMemory

  constructor(options: SurroundingsOptions) {
    this.#options = options
    this.#memory = new BriefMemory(options.clock, REMEMBERED_MS)
  }

  async findBlockers(placed: PrerequisiteQuery): Promise<readonly Blocker[]> {
    const { defaults } = this.#options
    const looks = claimUses(placed, defaults).map((use) => this.#claim(use))
    const found = await Promise.all([...looks, this.#queue(placed)])
    return [
      ...placementObstacles(placed.spec, defaults),
      ...volumeObstacles(placed.spec),
      ...found.flat(),
    ]
  }

  async findEvaluationParallelism(placed: PrerequisiteQuery): Promise<number> {
    const storage = claimUses(placed, this.#options.defaults).find(({ isStorage }) => isStorage)
    const claim = storage === undefined ? undefined : await this.#readClaim(storage)
    return claim !== undefined && isSharedClaim(claim) ? 1 : 0
  }

  #readClaim({ namespace, name }: ClaimUse): Promise<ClaimView | undefined> {
    return this.#memory.get(`claim ${namespace}/${name}`, () =>
      readObject<ClaimView>(this.#options.api, CLAIM_RESOURCE, { namespace, name }),
    )
  }

  async #claim(use: ClaimUse): Promise<Blocker[]> {
    const claim = await this.#readClaim(use)
    if (claim === undefined) return [claimMissing(use)]
    return claimObstacles(use, claim, await this.#bindingOf(claim))
  }

  /** Asked for only where it matters: the class of a claim that is not bound. */
  async #bindingOf({ spec, status }: ClaimView): Promise<Binding> {
    if (status?.phase === 'Bound' || status?.phase === 'Lost') return 'Unknown'
    const { storageClassName = '' } = spec ?? {}
    if (storageClassName === '') return 'NoClass'
    const path = `/apis/storage.k8s.io/v1/storageclasses/${encodeURIComponent(storageClassName)}`
    const found = await this.#memory.get(path, () =>
      readPath<StorageClassView>(this.#options.api, path).catch(nothingIfForbidden),
    )
    return found === 'Forbidden' ? 'Unknown' : (found?.volumeBindingMode ?? 'Immediate')
  }

  async #queue({ namespace, spec }: PrerequisiteQuery): Promise<Blocker[]> {
    const { queueName } = spec
    if (queueName === undefined) return []
    const said = (message: string) => [{ reason: 'QueueNotFound', path: 'queueName', message }]
    const { api } = this.#options
    const group = await this.#memory.get(KUEUE_GROUP, () =>
      readPath<GroupView>(api, `/apis/${KUEUE_GROUP}`),
    )
    if (group === undefined) {
      return said('this cluster has no Kueue: install it, or leave queueName out')
    }
    const { groupVersion } = group.preferredVersion
    const resource = { apiVersion: groupVersion, kind: 'LocalQueue', plural: 'localqueues' }
    const queue = await this.#memory.get(`queue ${namespace}/${queueName}`, () =>
      readObject(api, resource, { namespace, name: queueName }),
    )
    const missing = `there is no LocalQueue ${namespace}/${queueName}: create it, or name another one`
    return queue === undefined ? said(missing) : []
  }
}

function nothingIfForbidden(error: unknown): 'Forbidden' {
  if (isPortError(error, 'Forbidden')) return 'Forbidden'
  throw error
}

/** What the cluster has beside runs: claims, storage classes and queues, read when asked for. Fails with ApiError. */
export const kubernetesSurroundings = (options: SurroundingsOptions): Prerequisites =>
  new KubernetesSurroundings(options)
