import { isAllShipped } from '../../crds/bus-messages.ts'
import type { Bus } from '../ports/bus.ts'
import type { Hints } from '../ports/hints.ts'

/** The bus as the controllers see it. */
export function busHints(bus: Bus): Hints {
  return {
    busState: () => bus.health().state,
    busProblem: () => bus.health().problem,
    progressOf(runUid) {
      const beat = bus.heartbeatOfRun(runUid)
      if (beat === undefined) return undefined
      const { step, totalSteps, loss, imagesPerSecond } = beat
      const metrics = {
        ...(loss === undefined ? {} : { loss }),
        ...(imagesPerSecond === undefined ? {} : { imagesPerSecond }),
      }
      return { step, totalSteps, metrics }
    },
    hasArrived: (address) => isAllShipped(bus.heartbeat(address)),
    watchBus: (changed) =>
      bus.watch(({ kind }) => {
        if (kind === 'Health') changed()
      }),
  }
}
