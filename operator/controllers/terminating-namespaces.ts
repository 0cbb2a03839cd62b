import { isKubeError } from '../../kube/kube-error.ts'
import type { ObjectKey } from '../../kube/object-key.ts'
import type { ReconcileResult } from '../../kube/queue/work-queue.ts'
import type { Clock } from '../../std/clock.ts'
import type { StoredRun, StoredSweep } from '../ports/objects.ts'

type Reconcile = (key: ObjectKey) => Promise<ReconcileResult>

interface ObjectReader {
  get(key: ObjectKey): Promise<StoredRun | StoredSweep | undefined>
}

/**
 * Pods have their grace time before a namespace is gone, and one that is being deleted never comes
 * back.
 */
const TERMINATING_RETRY_MS = 60_000

/**
 * Reconciles that leave a namespace alone once the platform has refused to make something in it
 * because it is being deleted: that is no failure, and all that is in it will be gone. Objects that
 * are gone, and those of a later namespace of the same name, are not held up.
 */
export function createTerminatingNamespaceFilter(
  clock: Clock,
): (objects: ObjectReader, reconcile: Reconcile) => Reconcile {
  const refusedMs = new Map<string, number>()

  async function findSkipMs(objects: ObjectReader, key: ObjectKey): Promise<number | undefined> {
    const atMs = refusedMs.get(key.namespace)
    if (atMs === undefined) return undefined
    const remainingMs = atMs + TERMINATING_RETRY_MS - clock.nowMs()
    if (remainingMs <= 0) refusedMs.delete(key.namespace)
    const object = remainingMs <= 0 ? undefined : await objects.get(key)
    const isSkipped = object !== undefined && Date.parse(object.metadata.creationTimestamp) <= atMs
    return isSkipped ? remainingMs : undefined
  }
  return (objects, reconcile) => async (key) => {
    const remainingMs = await findSkipMs(objects, key)
    if (remainingMs !== undefined) return { requeueAfterMs: remainingMs }
    try {
      return await reconcile(key)
    } catch (error) {
      if (!isKubeError(error, 'NamespaceTerminating')) throw error
      refusedMs.set(key.namespace, clock.nowMs())
      return { requeueAfterMs: TERMINATING_RETRY_MS }
    }
  }
}
