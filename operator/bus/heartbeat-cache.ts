import { Heartbeat } from '../../contract/bus-messages.ts'
import { parseProgressKey } from '../../contract/bus-names.ts'

/** The newest heartbeat of every attempt that was heard. */
export interface HeartbeatCache {
  /** Hears what a key holds at a revision; the UID of the run where that is news, undefined where it is old or unreadable. */
  receive(key: string, revision: number, text: string): string | undefined
  find(key: string): Heartbeat | undefined
  /** Of the newest attempt at its training. */
  findByRun(runUid: string): Heartbeat | undefined
}

function parseHeartbeat(text: string): Heartbeat | undefined {
  try {
    return Heartbeat.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Some 50 MB. An attempt that is forgotten counts as one that has left something, which costs a reader. */
const MAX_HEARTBEATS = 50_000

/** Makes the entry the newest, and forgets the oldest of too many. */
const createBoundedSet =
  (maxEntries: number) =>
  <V>(map: Map<string, V>, key: string, value: V): void => {
    map.delete(key)
    map.set(key, value)
    const [oldest] = map.keys()
    if (map.size > maxEntries && oldest !== undefined) map.delete(oldest)
  }

/** Opens an empty board of so many attempts, those last heard of. */
export function createHeartbeatCache(maxEntries = MAX_HEARTBEATS): HeartbeatCache {
  const heartbeats = new Map<string, { readonly revision: number; readonly heartbeat: Heartbeat }>()
  const newestByRun = new Map<string, Heartbeat>()
  const setBounded = createBoundedSet(maxEntries)
  const setNewestOfRun = (runUid: string, heartbeat: Heartbeat): void => {
    const previous = newestByRun.get(runUid)
    if (previous === undefined || heartbeat.wallTime >= previous.wallTime)
      setBounded(newestByRun, runUid, heartbeat)
  }
  return {
    receive(key, revision, text) {
      const address = parseProgressKey(key)
      const heartbeat = parseHeartbeat(text)
      if (address === undefined || heartbeat === undefined) return undefined
      if ((heartbeats.get(key)?.revision ?? 0) >= revision) return undefined
      setBounded(heartbeats, key, { revision, heartbeat })
      if (address.isTraining) setNewestOfRun(address.runUid, heartbeat)
      return address.runUid
    },
    find: (key) => heartbeats.get(key)?.heartbeat,
    findByRun: (runUid) => newestByRun.get(runUid),
  }
}
