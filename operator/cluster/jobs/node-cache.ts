import type { ApiClient } from '../../../kube/client/api-client.ts'
import { readApiPath } from '../../../kube/client/read-object.ts'
import { isKubeError } from '../../../kube/kube-error.ts'
import type { Clock } from '../../../std/clock.ts'
import { TtlCache } from '../../../std/ttl-cache.ts'
import type { NodeObservation } from './classify-pod.ts'
import type { NodeView } from './pod-view.ts'

/** How long what was read of a node is taken for true. */
export const NODE_TTL_MS = 10_000

export interface NodeCacheOptions {
  readonly api: ApiClient
  readonly clock: Clock
  readonly releaseAfterMs?: number | undefined
}

/** Nodes, read only where a pod on one of them may be lost. */
export class NodeCache {
  readonly #options: NodeCacheOptions
  readonly #nodes: TtlCache

  constructor(options: NodeCacheOptions) {
    this.#options = options
    this.#nodes = new TtlCache(options.clock, NODE_TTL_MS)
  }

  /**
   * What is known of a node; undefined where the operator may not read nodes. Fails with ApiError.
   */
  async get(name: string): Promise<NodeObservation | undefined> {
    const { clock, releaseAfterMs } = this.#options
    const nowMs = clock.nowMs()
    const node = await this.#nodes.getOrLoad(name, () => this.#readNode(name))
    return node === undefined ? undefined : { node, nowMs, releaseAfterMs }
  }

  async #readNode(name: string): Promise<NodeView | 'Gone' | undefined> {
    try {
      const path = `/api/v1/nodes/${encodeURIComponent(name)}`
      return (await readApiPath<NodeView>(this.#options.api, path)) ?? 'Gone'
    } catch (error) {
      if (isKubeError(error, 'Forbidden')) return undefined
      throw error
    }
  }
}
