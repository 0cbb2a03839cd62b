import type { ApiClient } from '../../../kube/client/api-client.ts'
import type { Clock } from '../../ports/clock.ts'
import { isPortError } from '../../ports/port-error.ts'
import type { NodeSighting } from './classify-pod.ts'
import type { NodeView } from './pod-view.ts'
import { readPath } from './read-object.ts'

/** How long what was read of a node is taken for true. */
export const NODE_LOOK_MS = 10_000

export interface NodeSightingsOptions {
  readonly api: ApiClient
  readonly clock: Clock
  readonly releaseAfterMs?: number | undefined
}

interface Seen {
  readonly atMs: number
  readonly node: NodeView | 'Gone' | undefined
}

/** Nodes, read only where a pod on one of them may be lost. */
export class NodeSightings {
  readonly #options: NodeSightingsOptions
  readonly #seen = new Map<string, Seen>()

  constructor(options: NodeSightingsOptions) {
    this.#options = options
  }

  /** What is known of a node; undefined where the operator may not read nodes. Fails with ApiError. */
  async of(name: string): Promise<NodeSighting | undefined> {
    const { clock, releaseAfterMs } = this.#options
    const nowMs = clock.nowMs()
    const held = this.#seen.get(name)
    const isFresh = held !== undefined && nowMs - held.atMs < NODE_LOOK_MS
    const node = isFresh ? held.node : await this.#read(name, nowMs)
    return node === undefined ? undefined : { node, nowMs, releaseAfterMs }
  }

  async #read(name: string, nowMs: number): Promise<Seen['node']> {
    for (const [other, { atMs }] of this.#seen) {
      if (nowMs - atMs >= NODE_LOOK_MS) this.#seen.delete(other)
    }
    const path = `/api/v1/nodes/${encodeURIComponent(name)}`
    const node = await readPath<NodeView>(this.#options.api, path).then(
      (found) => found ?? ('Gone' as const),
      (error: unknown) => {
        if (isPortError(error, 'Forbidden')) return undefined
        throw error
      },
    )
    this.#seen.set(name, { atMs: nowMs, node })
    return node
  }
}
