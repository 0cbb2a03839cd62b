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
export type Binding = 'Immediate' | 'WaitForFirstConsumer' | 'NoClass' | 'Unknown'

export interface ClaimUse {
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

const quoted = ({ namespace, name }: ClaimUse): string =>
  `PersistentVolumeClaim ${namespace}/${name}`

export const claimMissing = (use: ClaimUse): Blocker => ({
  reason: use.isStorage ? 'StorageNotFound' : 'VolumeNotFound',
  path: use.path,
  message: `there is no ${quoted(use)}: create it, or name another one`,
})

const notBound = (use: ClaimUse, why: string): Blocker => ({
  reason: use.isStorage ? 'StorageNotBound' : 'VolumeNotBound',
  path: use.path,
  message: `${quoted(use)} is not bound: ${why}`,
})

/** Whether a claim waits for a pod, as it should, or for a volume that nobody makes. */
function boundObstacle(use: ClaimUse, claim: ClaimView, binding: Binding): Blocker | undefined {
  const { phase } = claim.status ?? {}
  if (phase === 'Lost') return notBound(use, 'its PersistentVolume is lost; restore it')
  if (phase === 'Bound' || binding === 'WaitForFirstConsumer' || binding === 'Unknown') {
    return undefined
  }
  const { storageClassName = '' } = claim.spec ?? {}
  return binding === 'NoClass'
    ? notBound(use, 'it has no storage class; create a PersistentVolume that fits it')
    : notBound(
        use,
        `its storage class ${storageClassName} should have made a volume; see kubectl describe pvc ${use.name}`,
      )
}

/** Access modes that let a pod write. */
const WRITABLE = ['ReadWriteOnce', 'ReadWriteOncePod', 'ReadWriteMany']

const readModes = ({ spec, status }: ClaimView): readonly string[] =>
  status?.accessModes ?? spec?.accessModes ?? []

/** Whether pods of several nodes can write to a claim at once. */
export const isSharedClaim = (claim: ClaimView): boolean =>
  readModes(claim).includes('ReadWriteMany')

function modeObstacle(use: ClaimUse, claim: ClaimView): Blocker | undefined {
  if (!use.isStorage) return undefined
  const modes = readModes(claim)
  const { path } = use
  if (!modes.some((mode) => WRITABLE.includes(mode))) {
    const message = `${quoted(use)} is ${modes.join(', ')}: runs write to their storage; use a claim that is ReadWriteMany`
    return { reason: 'StorageNotWritable', path, message }
  }
  const exceeded = isSharedClaim(claim) ? undefined : findExceededParallelism(use)
  if (exceeded === undefined) return undefined
  const { field, value, most } = exceeded
  const message = `${quoted(use)} is ${modes.join(', ')} and ${field} is ${value}: use a claim that is ReadWriteMany, or set ${field} to ${most}`
  return { reason: 'StorageNotShared', path, message }
}

/** Which setting asks for more pods at once than a claim for one node serves. */
function findExceededParallelism({ parallelism, evaluationParallelism = 0 }: ClaimUse) {
  if (parallelism > 1) return { field: 'parallelism', value: parallelism, most: 1 }
  if (evaluationParallelism === 0) return undefined
  return { field: 'evaluationParallelism', value: evaluationParallelism, most: 0 }
}

/** What is in the way of using a claim that is there. */
export const claimObstacles = (use: ClaimUse, claim: ClaimView, binding: Binding): Blocker[] =>
  [boundObstacle(use, claim, binding), modeObstacle(use, claim)].flatMap((found) => found ?? [])
