import { buildPlainText, type HttpResponse, type HttpRoutes } from './serve-http.ts'

/**
 * What the process is doing: Waiting for what it needs to begin, Standby beside a leader, Syncing
 * its caches, Leading, or Ending.
 */
export type OperatorPhase = 'Waiting' | 'Standby' | 'Syncing' | 'Leading' | 'Ending'

export interface HealthState {
  readonly phase: OperatorPhase
  /** Loops that have ended though they never should; a server that is away ends none. */
  readonly deadLoops: readonly string[]
}

/**
 * Alive unless a loop of ours is dead: a restart helps against that, and not against an API server
 * or NATS that is away.
 */
export const checkLiveness = ({ deadLoops }: HealthState): HttpResponse =>
  deadLoops.length === 0
    ? buildPlainText(200, 'ok')
    : buildPlainText(500, `ended unexpectedly: ${deadLoops.join(', ')}`)

/** Ready to lead or leading. A standby is ready, else no rollout would ever end. */
export function checkReadiness(state: HealthState): HttpResponse {
  const { phase } = state
  const isReady = phase === 'Standby' || phase === 'Leading'
  return buildPlainText(isReady && checkLiveness(state).status === 200 ? 200 : 503, phase)
}

/** The two probes. */
export const buildHealthRoutes = (state: () => HealthState): HttpRoutes => ({
  '/healthz': () => checkLiveness(state()),
  '/readyz': () => checkReadiness(state()),
})
