import type { Clock } from '../ports/clock.ts'

export interface Result {
  /** Look again after this time though nothing changes. */
  readonly requeueAfterMs?: number
}

export interface WorkQueueOptions {
  readonly clock: Clock
  readonly reconcile: (key: string) => Promise<Result>
  /** Told of every failure once; the key is tried again with a growing delay. */
  readonly failed: (key: string, error: unknown) => void
  /** Keys worked on at once. */
  readonly concurrency?: number
}

/** A queue of keys: one worker a key at a time, changes while it works make one more round, failures back off. */
export interface WorkQueue {
  add(key: string): void
  /** Whether no key is waiting or being worked on. */
  isIdle(): boolean
  /** Resolves when no key is waiting or being worked on; timers that are set do not count. */
  idle(): Promise<void>
  /** Stops taking keys and resolves when the ones being worked on are done. */
  close(): Promise<void>
}

const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 60_000
/** Looking too early is harmless; a timer beyond 24 days would fire at once. */
const LONGEST_WAIT_MS = 3_600_000

class KeyedWorkQueue implements WorkQueue {
  readonly #options: WorkQueueOptions
  readonly #waiting = new Set<string>()
  readonly #working = new Set<string>()
  /** Changed while being worked on: looked at once more after. */
  readonly #dirty = new Set<string>()
  readonly #failures = new Map<string, number>()
  readonly #timers = new Map<string, () => void>()
  #idleWaiters: (() => void)[] = []
  #isClosed = false

  constructor(options: WorkQueueOptions) {
    this.#options = options
  }

  add(key: string): void {
    if (this.#isClosed) return
    this.#cancelTimer(key)
    if (this.#working.has(key)) this.#dirty.add(key)
    else this.#waiting.add(key)
    this.#pump()
  }

  idle(): Promise<void> {
    if (this.isIdle()) return Promise.resolve()
    return new Promise((resolve) => this.#idleWaiters.push(resolve))
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.#waiting.clear()
    this.#dirty.clear()
    for (const key of [...this.#timers.keys()]) this.#cancelTimer(key)
    return this.idle()
  }

  isIdle(): boolean {
    return this.#waiting.size === 0 && this.#working.size === 0
  }

  #pump(): void {
    const { concurrency = 4 } = this.#options
    for (const key of this.#waiting) {
      if (this.#working.size >= concurrency) return
      this.#waiting.delete(key)
      this.#working.add(key)
      void this.#work(key)
    }
  }

  async #work(key: string): Promise<void> {
    try {
      const { requeueAfterMs } = await this.#options.reconcile(key)
      this.#failures.delete(key)
      if (requeueAfterMs !== undefined) this.#addLater(key, requeueAfterMs)
    } catch (error) {
      this.#backOff(key, error)
    }
    this.#working.delete(key)
    if (this.#dirty.delete(key)) this.add(key)
    this.#pump()
    if (this.isIdle()) for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  #backOff(key: string, error: unknown): void {
    const failures = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, failures)
    this.#options.failed(key, error)
    this.#addLater(key, Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS))
  }

  #addLater(key: string, delayMs: number): void {
    if (this.#isClosed) return
    this.#cancelTimer(key)
    this.#timers.set(
      key,
      this.#options.clock.after(Math.min(delayMs, LONGEST_WAIT_MS), () => this.add(key)),
    )
  }

  #cancelTimer(key: string): void {
    this.#timers.get(key)?.()
    this.#timers.delete(key)
  }
}

export const createWorkQueue = (options: WorkQueueOptions): WorkQueue => new KeyedWorkQueue(options)
