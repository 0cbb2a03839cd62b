/** Whether live pods can be heard. Off: no bus is configured. */
export type BusState = 'Off' | 'Connected' | 'Degraded'

/** How far the work of a run has come, as its pod last said. */
export interface Progress {
  readonly step: number
  readonly totalSteps: number
  readonly metrics: Readonly<Record<string, number>>
}
