/** Time in milliseconds, and timers; wall or monotonic, as its owner says. */
export interface Clock {
  nowMs(): number
  /** Calls back once after a time, unless the returned function is called before. */
  after(delayMs: number, call: () => void): () => void
}
