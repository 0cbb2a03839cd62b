import { Heartbeat } from '../../crds/bus-messages.ts'
import { factsOfKey } from '../../crds/bus-names.ts'

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

/** Opens an empty board. */
export function heartbeatBoard(): HeartbeatBoard {
  const beats = new Map<string, { readonly revision: number; readonly beat: Heartbeat }>()
  const newestOfRun = new Map<string, Heartbeat>()
  const keepNewest = (runUid: string, beat: Heartbeat): void => {
    const before = newestOfRun.get(runUid)
    if (before === undefined || beat.wallTime >= before.wallTime) newestOfRun.set(runUid, beat)
  }
  return {
    hear(key, revision, text) {
      const facts = factsOfKey(key)
      const beat = parse(text)
      if (facts === undefined || beat === undefined) return undefined
      if ((beats.get(key)?.revision ?? 0) >= revision) return undefined
      beats.set(key, { revision, beat })
      if (facts.isTraining) keepNewest(facts.runUid, beat)
      return facts.runUid
    },
    of: (key) => beats.get(key)?.beat,
    ofRun: (runUid) => newestOfRun.get(runUid),
  }
}
