import type { BusLink, BusMessage } from '../pod/bus/bus-link.ts'

/** A link in memory: what arrived in it, and a hand on the server. */
export interface RecordedLink extends BusLink {
  /** Messages that were stored, each id once. */
  readonly stored: readonly BusMessage[]
  /** How often something was to be stored. */
  readonly tries: () => number
  /** Fails whatever it says to fail, by the number of the try from 1. */
  failWhen(fails: (attempt: number) => boolean): void
  /** Sends a request to whom serves a subject. */
  ask(subject: string, request: string): Promise<string>
}

/** A link that is up and stores all. */
export function recordedLink(): RecordedLink {
  const stored: BusMessage[] = []
  const ids = new Set<string>()
  const served = new Map<string, (request: string) => Promise<string>>()
  let fails: (attempt: number) => boolean = () => false
  let tries = 0
  return {
    stored,
    tries: () => tries,
    failWhen: (when) => {
      fails = when
    },
    async store(message) {
      if (fails(++tries)) throw new Error('the server is away')
      if (message.id !== undefined && ids.has(message.id)) return
      if (message.id !== undefined) ids.add(message.id)
      stored.push(message)
    },
    async serve(subject, answer) {
      served.set(subject, answer)
    },
    onConnected: (call) => call(),
    close: () => Promise.resolve(),
    async ask(subject, request) {
      const answer = served.get(subject)
      if (answer === undefined) throw new Error(`nobody serves ${subject}`)
      return answer(request)
    },
  }
}
