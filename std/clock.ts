/** The time and the timers of a home. */
export interface Clock {
  nowMs(): number
  /** Calls back once after a time, unless the returned function is called before. */
  after(delayMs: number, call: () => void): () => void
}
