import type { Clock } from './clock.ts'

interface TtlEntry<T> {
  readonly expiresMs: number
  readonly value: Promise<T>
}

/**
 * Values that are expensive to load, each for a time after its load began; failures are not cached.
 */
export class TtlCache {
  readonly #clock: Clock
  readonly #ttlMs: number
  readonly #entries = new Map<string, TtlEntry<unknown>>()

  constructor(clock: Clock, ttlMs: number) {
    this.#clock = clock
    this.#ttlMs = ttlMs
  }

  /**
   * The value of a key, loaded by `load` where none is fresh; those who ask at the same time share
   * one load. A key always stands for the same type. Fails as `load` does.
   */
  getOrLoad<T>(key: string, load: () => Promise<T>): Promise<T> {
    const nowMs = this.#clock.nowMs()
    for (const [otherKey, { expiresMs }] of this.#entries)
      if (expiresMs <= nowMs) this.#entries.delete(otherKey)
    const entry = this.#entries.get(key)
    if (entry !== undefined) return entry.value as Promise<T>
    const value = load()
    const loading = { expiresMs: nowMs + this.#ttlMs, value }
    this.#entries.set(key, loading)
    value.catch(() => {
      if (this.#entries.get(key) === loading) this.#entries.delete(key)
    })
    return value
  }
}
