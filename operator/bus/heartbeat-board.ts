import { Heartbeat } from '../../contract/bus-messages.ts'
import { parseProgressKey } from '../../contract/bus-names.ts'

/** The newest heartbeat of every attempt that was heard. */
export interface HeartbeatBoard {
  /** Hears what a key holds at a revision; the UID of the run where that is news, undefined where it is old or unreadable. */
  hear(key: string, revision: number, text: string): string | undefined
  of(key: string): Heartbeat | undefined
  /** Of the newest attempt at its training. */
  ofRun(runUid: string): Heartbeat | undefined
}

function parse(text: string): Heartbeat | undefined {
  try {
    return Heartbeat.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Some 50 MB. An attempt that is forgotten counts as one that has left something, which costs a reader. */
const MOST_KEPT = 50_000

/** Makes the entry the newest, and forgets the oldest of too many. */
const keeping =
  (most: number) =>
  <V>(map: Map<string, V>, key: string, value: V): void => {
    map.delete(key)
    map.set(key, value)
    const [oldest] = map.keys()
    if (map.size > most && oldest !== undefined) map.delete(oldest)
  }

/** Opens an empty board of so many attempts, those last heard of. */
export function heartbeatBoard(most = MOST_KEPT): HeartbeatBoard {
  const beats = new Map<string, { readonly revision: number; readonly beat: Heartbeat }>()
  const newestOfRun = new Map<string, Heartbeat>()
  const keep = keeping(most)
  const keepNewest = (runUid: string, beat: Heartbeat): void => {
    const before = newestOfRun.get(runUid)
    if (before === undefined || beat.wallTime >= before.wallTime) keep(newestOfRun, runUid, beat)
  }
  return {
    hear(key, revision, text) {
      const facts = parseProgressKey(key)
      const beat = parse(text)
      if (facts === undefined || beat === undefined) return undefined
      if ((beats.get(key)?.revision ?? 0) >= revision) return undefined
      keep(beats, key, { revision, beat })
      if (facts.isTraining) keepNewest(facts.runUid, beat)
      return facts.runUid
    },
    of: (key) => beats.get(key)?.beat,
    ofRun: (runUid) => newestOfRun.get(runUid),
  }
}
