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

function findAccessModeBlocker(reference: ClaimReference, claim: ClaimView): Blocker | undefined {
  if (!reference.isStorage) return undefined
  const modes = claim.status?.accessModes ?? claim.spec?.accessModes ?? []
  const { path, parallelism } = reference
  if (!modes.some((mode) => WRITABLE.includes(mode))) {
    const message = `${describeClaim(reference)} is ${modes.join(', ')}: runs write to their storage; use a claim that is ReadWriteMany`
    return { reason: 'StorageNotWritable', path, message }
  }
  if (parallelism <= 1 || modes.includes('ReadWriteMany')) return undefined
  const message = `${describeClaim(reference)} is ${modes.join(', ')} and parallelism is ${parallelism}: use a claim that is ReadWriteMany, or set parallelism to 1`
  return { reason: 'StorageNotShared', path, message }
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
