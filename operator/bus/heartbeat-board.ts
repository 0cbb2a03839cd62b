import { Heartbeat } from '../../crds/bus-messages.ts'
import { runUidOfKey } from '../../crds/bus-names.ts'

/** The newest heartbeat of every attempt that was heard. */
export interface HeartbeatBoard {
  /** Hears what a key holds at a revision; the UID of the run where that is news, undefined where it is old or unreadable. */
  hear(key: string, revision: number, text: string): string | undefined
  of(key: string): Heartbeat | undefined
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
  return {
    hear(key, revision, text) {
      const runUid = runUidOfKey(key)
      const beat = parse(text)
      if (runUid === undefined || beat === undefined) return undefined
      if ((beats.get(key)?.revision ?? 0) >= revision) return undefined
      beats.set(key, { revision, beat })
      if (beat.wallTime >= (newestOfRun.get(runUid)?.wallTime ?? '')) newestOfRun.set(runUid, beat)
      return runUid
    },
    of: (key) => beats.get(key)?.beat,
    ofRun: (runUid) => newestOfRun.get(runUid),
  }
}
