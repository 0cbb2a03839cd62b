import type { ApiClient } from '../../../kube/client/api-client.ts'
import { isKubeError } from '../../../kube/kube-error.ts'
import type { Clock } from '../../../std/clock.ts'
import type { NodeObservation } from './classify-pod.ts'
import type { NodeView } from './pod-view.ts'
import { readApiPath } from './read-object.ts'

/** How long what was read of a node is taken for true. */
export const NODE_TTL_MS = 10_000

export interface NodeCacheOptions {
  readonly api: ApiClient
  readonly clock: Clock
  readonly releaseAfterMs?: number | undefined
}

interface CachedNode {
  readonly atMs: number
  readonly node: NodeView | 'Gone' | undefined
}

/** Nodes, read only where a pod on one of them may be lost. */
export class NodeCache {
  readonly #options: NodeCacheOptions
  readonly #nodes = new Map<string, CachedNode>()

  constructor(options: NodeCacheOptions) {
    this.#options = options
  }

  /** What is known of a node; undefined where the operator may not read nodes. Fails with ApiError. */
  async get(name: string): Promise<NodeObservation | undefined> {
    const { clock, releaseAfterMs } = this.#options
    const nowMs = clock.nowMs()
    const cached = this.#nodes.get(name)
    const isFresh = cached !== undefined && nowMs - cached.atMs < NODE_TTL_MS
    const node = isFresh ? cached.node : await this.#readNode(name, nowMs)
    return node === undefined ? undefined : { node, nowMs, releaseAfterMs }
  }

  async #readNode(name: string, nowMs: number): Promise<CachedNode['node']> {
    for (const [other, { atMs }] of this.#nodes) {
      if (nowMs - atMs >= NODE_TTL_MS) this.#nodes.delete(other)
    }
    const path = `/api/v1/nodes/${encodeURIComponent(name)}`
    const node = await readApiPath<NodeView>(this.#options.api, path).then(
      (found) => found ?? ('Gone' as const),
      (error: unknown) => {
        if (isKubeError(error, 'Forbidden')) return undefined
        throw error
      },
    )
    this.#nodes.set(name, { atMs: nowMs, node })
    return node
  }
}
