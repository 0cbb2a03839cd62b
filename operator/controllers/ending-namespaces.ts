import type { Result } from '../../kube/queue/work-queue.ts'
import type { Clock } from '../ports/clock.ts'
import type { ObjectKey, StoredRun, StoredSweep } from '../ports/objects.ts'
import { isPortError } from '../ports/port-error.ts'

type Round = (key: ObjectKey) => Promise<Result>

interface Objects {
  get(key: ObjectKey): Promise<StoredRun | StoredSweep | undefined>
}

/** Pods have their grace time before a namespace is gone, and one that is being deleted never comes back. */
const LOOK_AGAIN_MS = 60_000

/**
 * Rounds that leave a namespace alone once the home has refused to make something in it because it is being deleted:
 * that is no failure, and all that is in it will be gone. Objects that are gone, and those of a later namespace of the
 * same name, are not held up.
 */
export function endingNamespaces(clock: Clock): (objects: Objects, round: Round) => Round {
  const refusedMs = new Map<string, number>()

  async function waitMs(objects: Objects, key: ObjectKey): Promise<number | undefined> {
    const atMs = refusedMs.get(key.namespace)
    if (atMs === undefined) return undefined
    const leftMs = atMs + LOOK_AGAIN_MS - clock.nowMs()
    if (leftMs <= 0) refusedMs.delete(key.namespace)
    const object = leftMs <= 0 ? undefined : await objects.get(key)
    const isHeld = object !== undefined && Date.parse(object.metadata.creationTimestamp) <= atMs
    return isHeld ? leftMs : undefined
  }
  return (objects, round) => async (key) => {
    const leftMs = await waitMs(objects, key)
    if (leftMs !== undefined) return { requeueAfterMs: leftMs }
    try {
      return await round(key)
    } catch (error) {
      if (!isPortError(error, 'NamespaceTerminating')) throw error
      refusedMs.set(key.namespace, clock.nowMs())
      return { requeueAfterMs: LOOK_AGAIN_MS }
    }
  }
}
