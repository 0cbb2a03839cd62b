import { createHash } from 'node:crypto'
import { API_GROUP_VERSION, LABELS, OPERATOR_NAME, SWEEP_KIND } from '../../crds/names.ts'
import type { ApiClient } from '../../kube/client/api-client.ts'
import { readApiPath } from '../../kube/client/read-object.ts'
import { buildObjectPath } from '../../kube/client/resource-path.ts'
import { formatObjectKey, type ObjectKey } from '../../kube/object-key.ts'
import type { Clock } from '../../std/clock.ts'
import { buildResultShards, type ResultShard } from '../core/results/result-shards.ts'
import type { StoredSweep } from '../ports/objects.ts'
import type { ResultTables, TableRequest } from '../ports/result-tables.ts'
import { CONFIG_MAP_RESOURCE } from './jobs/job-caches.ts'

/** One line of JSON a run. */
const RESULTS_KEY = 'results.ndjson'
const MIN_WRITE_INTERVAL_MS = 60_000

interface SweepTableState {
  readonly sweepUid: string
  /** Digest of what each ConfigMap holds. */
  readonly digests: Map<string, string>
  writtenMs: number
}

interface ConfigMapView {
  readonly data?: Readonly<Record<string, string>>
}

interface TableWriteResult {
  /** When to call again, since the next write must wait. */
  readonly retryAfterMs?: number
}

const computeTextDigest = (text: string): string => createHash('sha256').update(text).digest('hex')

const buildTableName = ({ metadata }: StoredSweep, { id }: ResultShard): string =>
  `${metadata.name}-results-${id}`

const buildTableConfigMap = (sweep: StoredSweep, shard: ResultShard): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: buildTableName(sweep, shard),
    namespace: sweep.metadata.namespace,
    labels: {
      'app.kubernetes.io/name': 'neco',
      'app.kubernetes.io/managed-by': OPERATOR_NAME,
      [LABELS.sweep]: sweep.metadata.name,
    },
    ownerReferences: [
      {
        apiVersion: API_GROUP_VERSION,
        kind: SWEEP_KIND,
        name: sweep.metadata.name,
        uid: sweep.metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  },
  data: { [RESULTS_KEY]: shard.text },
})

/**
 * The results of sweeps as ConfigMaps: a cache for people and scripts, made again from the runs
 * whenever it is lost.
 */
export class ConfigMapTables implements ResultTables {
  readonly #api: ApiClient
  readonly #clock: Clock
  readonly #states = new Map<string, SweepTableState>()

  constructor({ api, clock }: { readonly api: ApiClient; readonly clock: Clock }) {
    this.#api = api
    this.#clock = clock
  }

  /**
   * Writes the shards that differ from what is there: at once where the sweep has ended, else at
   * most once a minute. Fails with ApiError.
   */
  async write(sweep: StoredSweep, { runs, hasEnded }: TableRequest): Promise<TableWriteResult> {
    const state = this.#getState(sweep)
    const waitMs = state.writtenMs + MIN_WRITE_INTERVAL_MS - this.#clock.nowMs()
    if (!hasEnded && waitMs > 0) return { retryAfterMs: waitMs }
    let hasWritten = false
    for (const shard of buildResultShards(await runs(), {
      replicates: sweep.spec.replicates ?? 1,
    })) {
      if (await this.#writeShard(sweep, shard, state)) hasWritten = true
    }
    if (hasWritten) state.writtenMs = this.#clock.nowMs()
    return {}
  }

  /** Forgets a sweep that is gone; its ConfigMaps go with it. */
  forget(sweep: ObjectKey): void {
    this.#states.delete(formatObjectKey(sweep))
  }

  #getState({ metadata }: StoredSweep): SweepTableState {
    const key = formatObjectKey(metadata)
    const digests = this.#states.get(key)
    if (digests?.sweepUid === metadata.uid) return digests
    const writtenMs = Number.NEGATIVE_INFINITY
    const created: SweepTableState = { sweepUid: metadata.uid, digests: new Map(), writtenMs }
    this.#states.set(key, created)
    return created
  }

  /**
   * Whether it had to be written. What another leader wrote is read once and left as it is where it
   * is right.
   */
  async #writeShard(
    sweep: StoredSweep,
    shard: ResultShard,
    { digests }: SweepTableState,
  ): Promise<boolean> {
    const key = { namespace: sweep.metadata.namespace, name: buildTableName(sweep, shard) }
    const path = buildObjectPath(CONFIG_MAP_RESOURCE, key)
    const digest = computeTextDigest(shard.text)
    const knownDigest = digests.get(key.name) ?? (await this.#readDigest(path))
    if (knownDigest !== digest) {
      await this.#api.request({
        method: 'PATCH',
        path,
        query: { fieldManager: OPERATOR_NAME, fieldValidation: 'Strict' },
        contentType: 'application/apply-patch+yaml',
        body: buildTableConfigMap(sweep, shard),
      })
    }
    digests.set(key.name, digest)
    return knownDigest !== digest
  }

  async #readDigest(path: string): Promise<string | undefined> {
    const found = await readApiPath<ConfigMapView>(this.#api, path)
    return found === undefined ? undefined : computeTextDigest(found.data?.[RESULTS_KEY] ?? '')
  }
}
