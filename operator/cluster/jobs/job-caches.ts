import { LABELS, OPERATOR_NAME } from '../../../crds/names.ts'
import {
  type CachedClient,
  type CachedClientOptions,
  openCachedClient,
} from '../../../kube/cache/cached-client.ts'
import { indexByOwner } from '../../../kube/cache/indexer.ts'
import type { ApiResource } from '../../../kube/client/resource-path.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { JobView, PodView } from './pod-view.ts'

export const JOB_RESOURCE: ApiResource = { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs' }
export const POD_RESOURCE: ApiResource = { apiVersion: 'v1', kind: 'Pod', plural: 'pods' }
export const CONFIG_MAP_RESOURCE: ApiResource = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
}
export const SECRET_RESOURCE: ApiResource = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' }

/** The Jobs and pods of runs alone: result tables and whatever others own are not looked at. */
const RUN_OBJECTS_SELECTOR = `app.kubernetes.io/managed-by=${OPERATOR_NAME},${LABELS.run}`

/**
 * What is cached of a Job: its template is as large as the rest, and only the Secrets it mounts are
 * read.
 */
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

const indexByNode = ({ spec }: PodView): readonly string[] =>
  spec?.nodeName === undefined ? [] : [spec.nodeName]

export interface JobCaches {
  readonly jobs: CachedClient<JobView>
  readonly pods: CachedClient<PodView>
}

/** Options that the caches of all kinds of a platform share. */
export type SharedWatchOptions = Omit<
  CachedClientOptions<never>,
  'resource' | 'fieldManager' | 'indexes' | 'transform' | 'labelSelector' | 'fieldSelector'
>

/**
 * Starts to follow the Jobs of runs and their pods, both found by the UID of what controls them,
 * pods also by node.
 */
export function openJobCaches(options: SharedWatchOptions): JobCaches {
  const watchOptions = {
    ...options,
    fieldManager: OPERATOR_NAME,
    labelSelector: RUN_OBJECTS_SELECTOR,
  }
  const indexes = { owner: indexByOwner }
  return {
    jobs: openCachedClient<JobView>({
      ...watchOptions,
      indexes,
      resource: JOB_RESOURCE,
      transform: pruneJob,
    }),
    pods: openCachedClient<PodView>({
      ...watchOptions,
      indexes: { ...indexes, node: indexByNode },
      resource: POD_RESOURCE,
      transform: prunePod,
    }),
  }
}
