import type { Blocker } from '../../ports/blocker.ts'

/** The fields of a PersistentVolumeClaim that say whether pods can use it. */
export interface ClaimView {
  readonly spec?: {
    readonly accessModes?: readonly string[]
    readonly storageClassName?: string
    readonly volumeName?: string
  }
  readonly status?: { readonly phase?: string; readonly accessModes?: readonly string[] }
}

/** How volumes of a storage class are bound; Unknown where it cannot be read. */
export type VolumeBindingMode = 'Immediate' | 'WaitForFirstConsumer' | 'NoClass' | 'Unknown'

export interface ClaimReference {
  readonly namespace: string
  readonly name: string
  /** The field of the run that names it. */
  readonly path: string
  /** Whether it is the storage, or a volume that is only read. */
  readonly isStorage: boolean
  readonly parallelism: number
  /** What the run asks for, where it does. */
  readonly evaluationParallelism?: number
}

const describeClaim = ({ namespace, name }: ClaimReference): string =>
  `PersistentVolumeClaim ${namespace}/${name}`

export const buildMissingClaimBlocker = (reference: ClaimReference): Blocker => ({
  reason: reference.isStorage ? 'StorageNotFound' : 'VolumeNotFound',
  path: reference.path,
  message: `there is no ${describeClaim(reference)}: create it, or name another one`,
})

const buildUnboundClaimBlocker = (reference: ClaimReference, why: string): Blocker => ({
  reason: reference.isStorage ? 'StorageNotBound' : 'VolumeNotBound',
  path: reference.path,
  message: `${describeClaim(reference)} is not bound: ${why}`,
})

/** Whether a claim waits for a pod, as it should, or for a volume that nobody makes. */
function findBindingBlocker(
  reference: ClaimReference,
  claim: ClaimView,
  binding: VolumeBindingMode,
): Blocker | undefined {
  const { phase } = claim.status ?? {}
  if (phase === 'Lost')
    return buildUnboundClaimBlocker(reference, 'its PersistentVolume is lost; restore it')
  if (phase === 'Bound' || binding === 'WaitForFirstConsumer' || binding === 'Unknown') {
    return undefined
  }
  const { storageClassName = '' } = claim.spec ?? {}
  return binding === 'NoClass'
    ? buildUnboundClaimBlocker(
        reference,
        'it has no storage class; create a PersistentVolume that fits it',
      )
    : buildUnboundClaimBlocker(
        reference,
        `its storage class ${storageClassName} should have made a volume; see kubectl describe pvc ${reference.name}`,
      )
}

/** Access modes that let a pod write. */
const WRITABLE = ['ReadWriteOnce', 'ReadWriteOncePod', 'ReadWriteMany']

const readModes = ({ spec, status }: ClaimView): readonly string[] =>
  status?.accessModes ?? spec?.accessModes ?? []

/** Whether pods of several nodes can write to a claim at once. */
export const isSharedClaim = (claim: ClaimView): boolean =>
  readModes(claim).includes('ReadWriteMany')

function findAccessModeBlocker(reference: ClaimReference, claim: ClaimView): Blocker | undefined {
  if (!reference.isStorage) return undefined
  const modes = readModes(claim)
  const { path } = reference
  if (!modes.some((mode) => WRITABLE.includes(mode))) {
    const message = `${describeClaim(reference)} is ${modes.join(', ')}: runs write to their storage; use a claim that is ReadWriteMany`
    return { reason: 'StorageNotWritable', path, message }
  }
  const exceeded = isSharedClaim(claim) ? undefined : findExceededParallelism(reference)
  if (exceeded === undefined) return undefined
  const { field, value, most } = exceeded
  const message = `${describeClaim(reference)} is ${modes.join(', ')} and ${field} is ${value}: use a claim that is ReadWriteMany, or set ${field} to ${most}`
  return { reason: 'StorageNotShared', path, message }
}

/** Which setting asks for more pods at once than a claim for one node serves. */
function findExceededParallelism({ parallelism, evaluationParallelism = 0 }: ClaimReference) {
  if (parallelism > 1) return { field: 'parallelism', value: parallelism, most: 1 }
  if (evaluationParallelism === 0) return undefined
  return { field: 'evaluationParallelism', value: evaluationParallelism, most: 0 }
}

/** What is in the way of using a claim that is there. */
export const findClaimBlockers = (
  reference: ClaimReference,
  claim: ClaimView,
  binding: VolumeBindingMode,
): Blocker[] =>
  [findBindingBlocker(reference, claim, binding), findAccessModeBlocker(reference, claim)].flatMap(
    (found) => found ?? [],
  )
