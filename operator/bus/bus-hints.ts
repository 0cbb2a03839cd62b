import { isAllShipped } from '../../contract/bus-messages.ts'
import { omitUndefined } from '../../std/omit-undefined.ts'
import type { Bus } from '../ports/bus.ts'
import type { Hints } from '../ports/hints.ts'

/** The bus as the controllers see it. */
export function createBusHints(bus: Bus): Hints {
  return {
    busState: () => bus.health().state,
    busProblem: () => bus.health().problem,
    findProgress(runUid) {
      const heartbeat = bus.findRunHeartbeat(runUid)
      if (heartbeat === undefined) return undefined
      const { step, totalSteps, loss, imagesPerSecond } = heartbeat
      const metrics = {
        ...omitUndefined({ loss, imagesPerSecond }),
      }
      return { step, totalSteps, metrics }
    },
    findCheckpoint(runUid) {
      const { checkpoint, totalSteps = 0 } = bus.findRunHeartbeat(runUid) ?? {}
      return checkpoint === undefined ? undefined : { step: checkpoint.step, totalSteps }
    },
    isFullyReported: (address) => isAllShipped(bus.findHeartbeat(address)),
    watchBus: (changed) =>
      bus.watch(({ kind }) => {
        if (kind === 'Health') changed()
      }),
    watchCheckpoints: (changed) => watchCheckpoints(bus, changed),
  }
}

/** So many runs are remembered; one that is forgotten is reported once more. */
const MAX_WATCHED_RUNS = 50_000

function watchCheckpoints(bus: Bus, changed: (runUid: string) => void): () => void {
  const newestSteps = new Map<string, number>()
  return bus.watch((change) => {
    if (change.kind !== 'Run') return
    const step = bus.findRunHeartbeat(change.runUid)?.checkpoint?.step ?? 0
    if (step <= (newestSteps.get(change.runUid) ?? 0)) return
    if (newestSteps.size >= MAX_WATCHED_RUNS) newestSteps.clear()
    newestSteps.set(change.runUid, step)
    changed(change.runUid)
  })
}
