import type { Clock } from './clock.ts'

interface TtlEntry<T> {
  readonly expiresMs: number
  readonly value: Promise<T>
}

/** Answers that are asked for again within a short time are given again; failures are not remembered. */
export class TtlCache {
  readonly #clock: Clock
  readonly #ttlMs: number
  readonly #entries = new Map<string, TtlEntry<unknown>>()

  constructor(clock: Clock, ttlMs: number) {
    this.#clock = clock
    this.#ttlMs = ttlMs
  }

  /** The answer under a key, found by `find` where none is fresh. Fails as it does. */
  getOrLoad<T>(key: string, load: () => Promise<T>): Promise<T> {
    const nowMs = this.#clock.nowMs()
    for (const [otherKey, { expiresMs }] of this.#entries)
      if (expiresMs <= nowMs) this.#entries.delete(otherKey)
    const entry = this.#entries.get(key)
    if (entry !== undefined) return entry.value as Promise<T>
    const value = load()
    this.#entries.set(key, { expiresMs: nowMs + this.#ttlMs, value })
    value.catch(() => this.#entries.delete(key))
    return value
  }
}
