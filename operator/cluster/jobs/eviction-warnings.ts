import { OPERATOR_NAME } from '../../../crds/names.ts'
import { openCachedClient } from '../../../kube/cache/cached-client.ts'
import type { ApiObject } from '../../../kube/cache/indexer.ts'
import type { ApiResource } from '../../../kube/client/resource-path.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { findEvictionWarning } from './eviction-warning.ts'
import type { SharedWatchOptions } from './job-caches.ts'
import type { NodeView, PodView } from './pod-view.ts'

const NODE_RESOURCE: ApiResource = { apiVersion: 'v1', kind: 'Node', plural: 'nodes' }

type WatchedNode = NodeView & ApiObject

/** A node is a large object; only what decides whether its pods may stay is cached. */
const pruneNode = ({ metadata, spec }: WatchedNode): WatchedNode => {
  const { name, uid, resourceVersion } = metadata
  const { unschedulable, taints } = spec ?? {}
  return {
    metadata: { name, uid, resourceVersion },
    spec: {
      ...omitUndefined({ unschedulable, taints }),
    },
  }
}

/**
 * Which pods will soon have to leave their nodes. Hints: without the right to follow nodes there
 * are none.
 */
export interface EvictionWarnings {
  /** Why a pod will soon have to go; undefined where its node says nothing of it. */
  find(pod: PodView): string | undefined
  /**
   * Calls back with the name of a node that says something else than before, until the returned
   * function is called.
   */
  watch(changed: (node: string) => void): () => void
  close(): Promise<void>
}

const serializeSpec = (node: WatchedNode | undefined): string => JSON.stringify(node?.spec ?? {})

/** Starts to follow the nodes of the cluster. */
export function openEvictionWarnings(
  options: Omit<SharedWatchOptions, 'namespace'>,
): EvictionWarnings {
  const nodes = openCachedClient<WatchedNode>({
    ...options,
    fieldManager: OPERATOR_NAME,
    resource: NODE_RESOURCE,
    transform: pruneNode,
  })
  return {
    find(pod) {
      const node = nodes.cache.get({ namespace: '', name: pod.spec?.nodeName ?? '' })
      return node === undefined ? undefined : findEvictionWarning(pod, node)
    },
    watch: (changed) =>
      nodes.cache.subscribe(({ key, before, after }) => {
        if (after !== undefined && serializeSpec(before) !== serializeSpec(after)) changed(key.name)
      }),
    close: () => nodes.close(),
  }
}
