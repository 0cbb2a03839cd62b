/** Whether reports of live pods arrive. Off: no bus is configured. */
export type BusState = 'Off' | 'Connected' | 'Degraded'

/**
 * Why reports of live pods do not arrive: a code for programs, and a sentence that names the
 * servers and says what to do.
 */
export interface BusProblem {
  readonly code: string
  readonly message: string
}

/** The newest checkpoint of a training that is known to be complete. */
export interface CompletedCheckpoint {
  /** Finished steps. */
  readonly step: number
  readonly totalSteps: number
}

/** How far the training of a run has come, as its pod last reported. */
export interface ReportedProgress {
  readonly step: number
  readonly totalSteps: number
  readonly metrics: Readonly<Record<string, number>>
}
