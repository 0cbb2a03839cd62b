import type { ApiObject } from '../../../kube/cache/indexed-objects.ts'
import { openKind } from '../../../kube/cache/kind-client.ts'
import type { Resource } from '../../../kube/client/resource-path.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { FollowOptions } from './job-kinds.ts'
import { nodeWarning } from './node-warning.ts'
import type { NodeView, PodView } from './pod-view.ts'

const NODE_RESOURCE: Resource = { apiVersion: 'v1', kind: 'Node', plural: 'nodes' }

type Node = NodeView & ApiObject

/** A node is large and says much; all that is kept of it is whether pods may stay. */
const pruneNode = ({ metadata, spec }: Node): Node => {
  const { name, uid, resourceVersion } = metadata
  const { unschedulable, taints } = spec ?? {}
  return {
    metadata: { name, uid, resourceVersion },
    spec: {
      ...omitUndefined({ unschedulable, taints }),
    },
  }
}

/** Which pods will soon have to leave their nodes. Hints: without the right to follow nodes there are none. */
export interface NodeWarnings {
  /** Why a pod will soon have to go; undefined where its node says nothing of it. */
  of(pod: PodView): string | undefined
  /** Calls back with the name of a node that says something else than before, until the returned function is called. */
  watch(changed: (node: string) => void): () => void
  close(): Promise<void>
}

const said = (node: Node | undefined): string => JSON.stringify(node?.spec ?? {})

/** Starts to follow the nodes of the cluster. */
export function openNodeWarnings(options: Omit<FollowOptions, 'namespace'>): NodeWarnings {
  const nodes = openKind<Node>({ ...options, resource: NODE_RESOURCE, prune: pruneNode })
  return {
    of(pod) {
      const node = nodes.cache.get({ namespace: '', name: pod.spec?.nodeName ?? '' })
      return node === undefined ? undefined : nodeWarning(pod, node)
    },
    watch: (changed) =>
      nodes.cache.subscribe(({ key, before, after }) => {
        if (after !== undefined && said(before) !== said(after)) changed(key.name)
      }),
    close: () => nodes.close(),
  }
}
