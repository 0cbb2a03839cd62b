/** Whether live pods can be heard. Off: no bus is configured. */
export type BusState = 'Off' | 'Connected' | 'Degraded'

/** Why live pods cannot be heard: a word for programs, and a sentence that names the servers and says what to do. */
export interface BusProblem {
  readonly code: string
  readonly message: string
}

/** How far the work of a run has come, as its pod last said. */
export interface ReportedProgress {
  readonly step: number
  readonly totalSteps: number
  readonly metrics: Readonly<Record<string, number>>
}
