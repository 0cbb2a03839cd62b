import type { AttemptAddress } from '../../contract/bus-names.ts'
import { spoolMarkPath } from '../storage-layout.ts'
import type { PodBus } from './pod-bus.ts'
import { ensureSpoolMark } from './spool-mark.ts'

/** The bus of a pod that was given no credentials: all it says stays in its spool, marked so that a reader can ship it when there is a bus again. */
export function createNoopBus(address: AttemptAddress, podUid: string): PodBus {
  let unshipped = 0
  return {
    async startShipping(storage, folder) {
      await ensureSpoolMark(storage, spoolMarkPath(folder), { address, podUid })
    },
    stepped: () => undefined,
    reported(reports) {
      unshipped = reports.at(-1)?.sequence ?? unshipped
    },
    sendHeartbeat: () => Promise.resolve(),
    unshipped: () => unshipped,
    close: () => Promise.resolve(),
  }
}
