import type { NeCoRun, RunStatus } from '../../crds/necorun.ts'
import type { NeCoSweep, SweepStatus } from '../../crds/necosweep.ts'
import type { ObjectMeta } from '../../crds/object-meta.ts'
import type { ObjectKey } from '../../kube/object-key.ts'
import type { Urgency } from '../../kube/urgency.ts'

/** What a store gives every object it holds. */
export type StoredMeta = ObjectMeta & {
  readonly namespace: string
  readonly uid: string
  readonly resourceVersion: string
  readonly generation: number
  readonly creationTimestamp: string
}
export type StoredRun = NeCoRun & { readonly metadata: StoredMeta }
export type StoredSweep = NeCoSweep & { readonly metadata: StoredMeta }

interface ObjectCollection<Plain, Stored, Status> {
  get(key: ObjectKey): Promise<Stored | undefined>
  list(): Promise<readonly Stored[]>
  /** Fails with AlreadyExists. */
  create(object: Plain): Promise<Stored>
  /**
   * Replaces the status alone. Fails with Conflict where resourceVersion is not the newest, and
   * with NotFound.
   */
  writeStatus(key: ObjectKey, status: Status, resourceVersion: string): Promise<Stored>
  /** Deletes the object and, in the background, all it owns. Deleting nothing is no failure. */
  delete(key: ObjectKey): Promise<void>
  /**
   * Calls back with the key of every object that is there or that changes, until the returned
   * function is called.
   */
  watch(changed: (key: ObjectKey, urgency?: Urgency) => void): () => void
}

export interface Runs extends ObjectCollection<NeCoRun, StoredRun, RunStatus> {
  listOwnedBy(ownerUid: string): Promise<readonly StoredRun[]>
  /** Replaces the spec; used to pass suspend on to a run. Fails with Conflict and NotFound. */
  writeSpec(key: ObjectKey, spec: NeCoRun['spec'], resourceVersion: string): Promise<StoredRun>
}
export type Sweeps = ObjectCollection<NeCoSweep, StoredSweep, SweepStatus>
