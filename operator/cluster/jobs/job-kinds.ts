import { LABELS, OPERATOR_NAME } from '../../../crds/names.ts'
import { byOwner } from '../../../kube/cache/indexed-objects.ts'
import { type KindClient, type KindOptions, openKind } from '../../../kube/cache/kind-client.ts'
import type { Resource } from '../../../kube/client/resource-path.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { JobView, PodView } from './pod-view.ts'

export const JOB_RESOURCE: Resource = { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs' }
export const POD_RESOURCE: Resource = { apiVersion: 'v1', kind: 'Pod', plural: 'pods' }
export const CONFIG_MAP_RESOURCE: Resource = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
}
export const SECRET_RESOURCE: Resource = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' }

/** The Jobs and pods of runs alone: result tables and whatever others own are not looked at. */
const OURS = `app.kubernetes.io/managed-by=${OPERATOR_NAME},${LABELS.run}`

/** What is kept of a Job: a template is as large as all else, and nothing of it is read but which Secrets it mounts. */
function pruneJob({ metadata, spec, status }: JobView): JobView {
  const { suspend, template } = spec ?? {}
  const volumes = template?.spec?.volumes?.filter(({ secret }) => secret !== undefined) ?? []
  return {
    metadata,
    spec: {
      ...omitUndefined({ suspend }),
      ...(volumes.length === 0 ? {} : { template: { spec: { volumes } } }),
    },
    ...omitUndefined({ status }),
  }
}

const prunePod = ({ metadata, spec, status }: PodView): PodView => ({
  metadata,
  ...(spec?.nodeName === undefined
    ? {}
    : { spec: { nodeName: spec.nodeName, tolerations: spec.tolerations ?? [] } }),
  ...omitUndefined({ status }),
})

const byNode = ({ spec }: PodView): readonly string[] =>
  spec?.nodeName === undefined ? [] : [spec.nodeName]

export interface JobKinds {
  readonly jobs: KindClient<JobView>
  readonly pods: KindClient<PodView>
}

/** How the caches of a home are kept; the same for every kind. */
export type FollowOptions = Omit<
  KindOptions<never>,
  'resource' | 'indexes' | 'prune' | 'labelSelector' | 'fieldSelector'
>

/** Starts to follow the Jobs of runs and their pods, both found by the UID of what controls them, pods also by node. */
export function openJobKinds(options: FollowOptions): JobKinds {
  const followed = { ...options, labelSelector: OURS }
  const indexes = { owner: byOwner }
  return {
    jobs: openKind<JobView>({ ...followed, indexes, resource: JOB_RESOURCE, prune: pruneJob }),
    pods: openKind<PodView>({
      ...followed,
      indexes: { ...indexes, node: byNode },
      resource: POD_RESOURCE,
      prune: prunePod,
    }),
  }
}
