import type { ApiObject } from '../../../kube/cache/indexer.ts'

/** What an API server says of a condition; times are as it writes them. */
export interface ConditionView {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}

export interface TerminatedView {
  readonly exitCode?: number
  readonly signal?: number
  readonly reason?: string
  readonly message?: string
  readonly startedAt?: string
  readonly finishedAt?: string
}

export interface ContainerView {
  readonly name: string
  readonly imageID?: string
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string }
    readonly running?: { readonly startedAt?: string }
    readonly terminated?: TerminatedView
  }
}

interface OwnerView {
  readonly uid: string
  readonly kind?: string
  readonly name?: string
  readonly controller?: boolean
}

type MetadataView = Omit<ApiObject['metadata'], 'ownerReferences'> & {
  readonly ownerReferences?: readonly OwnerView[]
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
}

export interface TaintView {
  readonly key: string
  readonly value?: string
  readonly effect?: string
}

export interface TolerationView {
  readonly key?: string
  readonly operator?: string
  readonly value?: string
  readonly effect?: string
  readonly tolerationSeconds?: number
}

/** The fields of a pod that anything here reads. */
export interface PodView {
  readonly metadata: MetadataView
  readonly spec?: {
    readonly nodeName?: string
    readonly tolerations?: readonly TolerationView[]
  }
  readonly status?: {
    readonly phase?: string
    readonly reason?: string
    readonly message?: string
    readonly startTime?: string
    readonly conditions?: readonly ConditionView[]
    readonly initContainerStatuses?: readonly ContainerView[]
    readonly containerStatuses?: readonly ContainerView[]
  }
}

interface VolumeView {
  readonly secret?: { readonly secretName?: string }
}

/** The fields of a Job that anything here reads. */
export interface JobView {
  readonly metadata: MetadataView
  readonly spec?: {
    readonly suspend?: boolean
    readonly template?: { readonly spec?: { readonly volumes?: readonly VolumeView[] } }
  }
  readonly status?: {
    readonly startTime?: string
    readonly completionTime?: string
    readonly active?: number
    readonly succeeded?: number
    readonly failed?: number
    readonly uncountedTerminatedPods?: {
      readonly succeeded?: readonly string[]
      readonly failed?: readonly string[]
    }
    readonly conditions?: readonly ConditionView[]
  }
}

/** The fields of a node that say whether its kubelet is alive and how long its pods may stay. */
export interface NodeView {
  readonly metadata: { readonly name: string }
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly TaintView[] }
  readonly status?: { readonly conditions?: readonly ConditionView[] }
}

/** Whether the pod of a Job mounts the Secret that was made for it. */
export const mountsOwnSecret = ({ metadata, spec }: JobView): boolean =>
  spec?.template?.spec?.volumes?.some(({ secret }) => secret?.secretName === metadata.name) === true

/** Milliseconds since 1970 of a time as an API server writes it; undefined where it has none. */
export function parseTimeMs(text: string | null | undefined): number | undefined {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? undefined : ms
}

/** The condition of a type, where it is true. */
export const findTrueCondition = (
  conditions: readonly ConditionView[] | undefined,
  type: string,
): ConditionView | undefined =>
  conditions?.find((condition) => condition.type === type && condition.status === 'True')

/** A reason and its sentence as one text. */
export const formatReason = (reason: string | undefined, message: string | undefined): string =>
  [reason, message].filter((part) => part !== undefined && part !== '').join(': ')

/** The owner that controls an object; undefined where none does. */
export const findController = <T extends { readonly controller?: boolean | undefined }>(metadata: {
  readonly ownerReferences?: readonly T[] | undefined
}): T | undefined => metadata.ownerReferences?.find(({ controller }) => controller === true)

/** When an object was created (ms since 1970); 0 where it does not say. */
export const readCreatedMs = ({ metadata }: JobView | PodView): number =>
  parseTimeMs(metadata.creationTimestamp) ?? 0

/** Whether no container of a pod will run any more. */
export const hasEnded = ({ status }: PodView): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed'
