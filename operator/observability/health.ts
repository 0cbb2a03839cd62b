import { type Answer, plainText, type Routes } from './serve-http.ts'

/** What the process is doing: Waiting for what it needs to begin, Standby beside a leader, Syncing its caches, Leading, or Ending. */
export type Phase = 'Waiting' | 'Standby' | 'Syncing' | 'Leading' | 'Ending'

export interface HealthFacts {
  readonly phase: Phase
  /** Loops that have ended though they never should; a server that is away ends none. */
  readonly deadLoops: readonly string[]
}

/** Alive unless a loop of ours is dead: starting anew helps against that, and not against an API server or NATS that is away. */
export const liveness = ({ deadLoops }: HealthFacts): Answer =>
  deadLoops.length === 0
    ? plainText(200, 'ok')
    : plainText(500, `ended unexpectedly: ${deadLoops.join(', ')}`)

/** Ready to lead or leading. A standby is ready, else no rollout would ever end. */
export function readiness(facts: HealthFacts): Answer {
  const { phase } = facts
  const isReady = phase === 'Standby' || phase === 'Leading'
  return plainText(isReady && liveness(facts).status === 200 ? 200 : 503, phase)
}

/** The two probes. */
export const healthRoutes = (facts: () => HealthFacts): Routes => ({
  '/healthz': () => liveness(facts()),
  '/readyz': () => readiness(facts()),
})
