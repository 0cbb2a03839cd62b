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
    isFullyReported: (address) => isAllShipped(bus.findHeartbeat(address)),
    watchBus: (changed) =>
      bus.watch(({ kind }) => {
        if (kind === 'Health') changed()
      }),
  }
}
