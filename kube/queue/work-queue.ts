import { type BackoffLimits, computeBackoffMs } from '../../std/backoff.ts'
import type { Clock } from '../../std/clock.ts'
import type { Urgency } from '../urgency.ts'
import type { ReconcileOutcome, WorkQueueObserver } from './work-queue-observer.ts'

export interface ReconcileResult {
  /** Reconcile again after this time though nothing changes. */
  readonly requeueAfterMs?: number
}

export interface WorkQueueOptions {
  readonly clock: Clock
  readonly reconcile: (key: string) => Promise<ReconcileResult>
  /** Called once for every failure; the key is tried again with a growing delay. */
  readonly onFailure: (key: string, error: unknown) => void
  /** Keys reconciled at once; 4 where left out. */
  readonly concurrency?: number
  readonly observer?: WorkQueueObserver | undefined
}

/**
 * A queue of keys, not of events: one worker per key at a time, changes during a reconcile cause
 * one more, failures back off. Keys that changed just now go before those that a list found.
 */
export interface WorkQueue {
  /** live where left out; a key that waits already keeps the more urgent of both. */
  add(key: string, urgency?: Urgency): void
  /** Whether no key is waiting or being worked on. */
  isIdle(): boolean
  /** Resolves when no key is waiting or being worked on; timers that are set do not count. */
  idle(): Promise<void>
  /** Stops taking keys and resolves when the ones being worked on are done. */
  close(): Promise<void>
}

const BACKOFF: BackoffLimits = { initialMs: 100, maxMs: 60_000 }
/** Reconciling too early is harmless; a timer beyond 24 days would fire at once. */
const MAX_REQUEUE_MS = 3_600_000

class KeyedWorkQueue implements WorkQueue {
  readonly #options: WorkQueueOptions
  readonly #waiting: Readonly<Record<Urgency, Set<string>>> = {
    live: new Set(),
    resync: new Set(),
  }
  readonly #processing = new Set<string>()
  /** Changed during their reconcile: reconciled once more after it. */
  readonly #dirty = new Map<string, Urgency>()
  readonly #failures = new Map<string, number>()
  readonly #timers = new Map<string, () => void>()
  #idleWaiters: (() => void)[] = []
  #isClosed = false

  constructor(options: WorkQueueOptions) {
    this.#options = options
  }

  add(key: string, urgency: Urgency = 'live'): void {
    if (this.#isClosed) return
    this.#cancelTimer(key)
    if (this.#processing.has(key)) this.#markDirty(key, urgency)
    else this.#enqueue(key, urgency)
    this.#startWaiting()
  }

  idle(): Promise<void> {
    if (this.isIdle()) return Promise.resolve()
    return new Promise((resolve) => this.#idleWaiters.push(resolve))
  }

  close(): Promise<void> {
    this.#isClosed = true
    for (const keys of Object.values(this.#waiting)) keys.clear()
    this.#dirty.clear()
    for (const key of [...this.#timers.keys()]) this.#cancelTimer(key)
    return this.idle()
  }

  isIdle(): boolean {
    const { live, resync } = this.#waiting
    return live.size + resync.size + this.#processing.size === 0
  }

  #markDirty(key: string, urgency: Urgency): void {
    if (this.#dirty.get(key) !== 'live') this.#dirty.set(key, urgency)
  }

  #enqueue(key: string, urgency: Urgency): void {
    const { live, resync } = this.#waiting
    if (live.has(key)) return
    if (!resync.has(key)) this.#options.observer?.added(key)
    if (urgency === 'live') resync.delete(key)
    this.#waiting[urgency].add(key)
  }

  #startWaiting(): void {
    const { concurrency = 4 } = this.#options
    for (const keys of [this.#waiting.live, this.#waiting.resync]) {
      for (const key of keys) {
        if (this.#processing.size >= concurrency) return
        keys.delete(key)
        this.#processing.add(key)
        void this.#process(key)
      }
    }
  }

  async #process(key: string): Promise<void> {
    this.#options.observer?.started(key)
    const outcome = await this.#reconcileKey(key)
    this.#options.observer?.ended(key, outcome)
    this.#processing.delete(key)
    const changed = this.#dirty.get(key)
    this.#dirty.delete(key)
    if (changed !== undefined) this.add(key, changed)
    this.#startWaiting()
    if (this.isIdle()) for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  async #reconcileKey(key: string): Promise<ReconcileOutcome> {
    try {
      const { requeueAfterMs } = await this.#options.reconcile(key)
      this.#failures.delete(key)
      if (requeueAfterMs === undefined) return 'Done'
      this.#addLater(key, requeueAfterMs)
      return 'Requeued'
    } catch (error) {
      this.#requeueWithBackoff(key, error)
      return 'Failed'
    }
  }

  #requeueWithBackoff(key: string, error: unknown): void {
    const failures = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, failures)
    this.#options.onFailure(key, error)
    this.#addLater(key, computeBackoffMs(BACKOFF, failures))
  }

  #addLater(key: string, delayMs: number): void {
    if (this.#isClosed) return
    this.#cancelTimer(key)
    this.#timers.set(
      key,
      this.#options.clock.after(Math.min(delayMs, MAX_REQUEUE_MS), () => this.add(key)),
    )
  }

  #cancelTimer(key: string): void {
    this.#timers.get(key)?.()
    this.#timers.delete(key)
  }
}

export const createWorkQueue = (options: WorkQueueOptions): WorkQueue => new KeyedWorkQueue(options)
