import type { Clock } from '../operator/ports/clock.ts'

interface Remembered<T> {
  readonly untilMs: number
  readonly value: Promise<T>
}

/** Answers that are asked for again within a short time are given again; failures are not remembered. */
export class BriefMemory {
  readonly #clock: Clock
  readonly #forMs: number
  readonly #held = new Map<string, Remembered<unknown>>()

  constructor(clock: Clock, forMs: number) {
    this.#clock = clock
    this.#forMs = forMs
  }

  /** The answer under a key, found by `find` where none is fresh. Fails as it does. */
  get<T>(key: string, find: () => Promise<T>): Promise<T> {
    const nowMs = this.#clock.nowMs()
    for (const [other, { untilMs }] of this.#held) if (untilMs <= nowMs) this.#held.delete(other)
    const held = this.#held.get(key)
    if (held !== undefined) return held.value as Promise<T>
    const value = find()
    this.#held.set(key, { untilMs: nowMs + this.#forMs, value })
    value.catch(() => this.#held.delete(key))
    return value
  }
}
