/**
 * Lets a burst of things through at once, and after it one each time the refill time has passed.
 */
export class TokenBucket {
  readonly #limits: { readonly burst: number; readonly refillMs: number }
  #tokens: number
  #refilledAtMs: number

  constructor(limits: { readonly burst: number; readonly refillMs: number }, nowMs: number) {
    this.#limits = limits
    this.#tokens = limits.burst
    this.#refilledAtMs = nowMs
  }

  /** Whether one more may pass now. */
  take(nowMs: number): boolean {
    const { burst, refillMs } = this.#limits
    // The clock of the machine may have been set back.
    this.#refilledAtMs = Math.min(this.#refilledAtMs, nowMs)
    const gained = Math.floor((nowMs - this.#refilledAtMs) / refillMs)
    this.#tokens = Math.min(burst, this.#tokens + gained)
    this.#refilledAtMs += gained * refillMs
    if (this.#tokens === 0) return false
    this.#tokens--
    return true
  }
}
