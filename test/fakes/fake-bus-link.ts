import type { BusLink, BusMessage } from '../../pod/bus/bus-link.ts'

/** A link in memory, with its messages and control over the server. */
export interface FakeBusLink extends BusLink {
  /** Messages that were stored, each id once. */
  readonly stored: readonly BusMessage[]
  /** Number of attempts to publish. */
  readonly attempts: () => number
  /** Whether to fail an attempt, by its number from 1. */
  failWhen(fails: (attempt: number) => boolean): void
  /** Sends a request to the server of a subject. */
  request(subject: string, request: string): Promise<string>
}

/** A link that is connected and stores everything. */
export function createFakeBusLink(): FakeBusLink {
  const stored: BusMessage[] = []
  const ids = new Set<string>()
  const served = new Map<string, (request: string) => Promise<string>>()
  let fails: (attempt: number) => boolean = () => false
  let attempts = 0
  return {
    stored,
    attempts: () => attempts,
    failWhen: (when) => {
      fails = when
    },
    async store(message) {
      if (fails(++attempts)) throw new Error('the server is away')
      if (message.id !== undefined && ids.has(message.id)) return
      if (message.id !== undefined) ids.add(message.id)
      stored.push(message)
    },
    async serve(subject, answer) {
      served.set(subject, answer)
    },
    onConnected: (call) => call(),
    close: () => Promise.resolve(),
    async request(subject, request) {
      const answer = served.get(subject)
      if (answer === undefined) throw new Error(`no responder for ${subject}`)
      return answer(request)
    },
  }
}
