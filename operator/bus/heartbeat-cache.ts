import { Heartbeat } from '../../contract/bus-messages.ts'
import { parseProgressKey } from '../../contract/bus-names.ts'
import { BoundedMap } from '../../std/bounded-map.ts'

/** The newest heartbeat received of every attempt. */
export interface HeartbeatCache {
  /**
   * Takes in the value of a key at a revision: the UID of the run where it is newer than what is
   * cached, undefined where it is old or unreadable.
   */
  receive(key: string, revision: number, text: string): string | undefined
  find(key: string): Heartbeat | undefined
  /** Of the newest attempt at its training. */
  findByRun(runUid: string): Heartbeat | undefined
}

interface HeartbeatRevision {
  readonly revision: number
  readonly heartbeat: Heartbeat
}

function parseHeartbeat(text: string): Heartbeat | undefined {
  try {
    return Heartbeat.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/**
 * Some 50 MB. An attempt that is dropped counts as one with unshipped reports, which costs a reader
 * Job.
 */
const MAX_HEARTBEATS = 50_000

/** An empty cache of so many attempts, those last received from. */
export function createHeartbeatCache(maxEntries = MAX_HEARTBEATS): HeartbeatCache {
  const heartbeats = new BoundedMap<string, HeartbeatRevision>(maxEntries)
  const newestByRun = new BoundedMap<string, Heartbeat>(maxEntries)
  const setNewestOfRun = (runUid: string, heartbeat: Heartbeat): void => {
    const previous = newestByRun.get(runUid)
    if (previous === undefined || heartbeat.wallTime >= previous.wallTime)
      newestByRun.set(runUid, heartbeat)
  }
  return {
    receive(key, revision, text) {
      const address = parseProgressKey(key)
      const heartbeat = parseHeartbeat(text)
      if (address === undefined || heartbeat === undefined) return undefined
      if ((heartbeats.get(key)?.revision ?? 0) >= revision) return undefined
      heartbeats.set(key, { revision, heartbeat })
      if (address.isTraining) setNewestOfRun(address.runUid, heartbeat)
      return address.runUid
    },
    find: (key) => heartbeats.get(key)?.heartbeat,
    findByRun: (runUid) => newestByRun.get(runUid),
  }
}
