import { type BackoffLimits, computeBackoffMs } from '../../std/backoff.ts'
import type { Clock } from '../../std/clock.ts'
import { pause } from '../../std/pause.ts'
import type { ApiClient } from '../client/api-client.ts'
import { ApiError } from '../client/api-error.ts'
import type { ApiRequest } from '../client/api-request.ts'
import { isKubeError, KubeError } from '../kube-error.ts'
import type { ApiObject } from './indexer.ts'
import type { ObjectCache } from './object-cache.ts'
import { type Bookmark, streamWatchEvents } from './watch-stream.ts'

export interface ReflectorObserver {
  /** A page, an event or a bookmark came from the API server. */
  received?(): void
  listed?(objects: number, durationMs: number): void
  /** A watch began; the first one after each list, and one more after each that ended. */
  watchStarted?(): void
  /** A list or a watch failed and is tried again. */
  failed?(phase: 'list' | 'watch', error: unknown): void
}

export interface ReflectorOptions<T extends ApiObject> {
  readonly api: ApiClient
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** Of the collection. */
  readonly path: string
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
  readonly cache: ObjectCache<T>
  /** Applied to each object before it is cached; managedFields are dropped in any case. */
  readonly transform?: ((object: T) => T) | undefined
  readonly observer?: ReflectorObserver | undefined
  /** 120 s where left out: API servers send a bookmark about every minute. */
  readonly idleTimeoutMs?: number | undefined
}

/** Fills a cache by a list and keeps it current by a watch. */
export interface Reflector {
  /** Resolves when the first list is in; fails with Unavailable when closed before. */
  readonly synced: Promise<void>
  /** When anything last came from the API server (ms, by the clock). */
  lastEventMs(): number
  close(): Promise<void>
}

const PAGE_SIZE = 500
const BACKOFF: BackoffLimits = { initialMs: 1_000, maxMs: 30_000 }
const IDLE_TIMEOUT_MS = 120_000
const MIN_WATCH_SECONDS = 300
/** A watch that ends sooner counts as failed; one that lasted longer resets the backoff. */
const STABLE_WATCH_MS = 5_000

interface ListPage<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
  readonly items: readonly T[]
}

class CacheReflector<T extends ApiObject> implements Reflector {
  readonly synced: Promise<void>
  readonly #options: ReflectorOptions<T>
  readonly #closing = new AbortController()
  readonly #sync = Promise.withResolvers<void>()
  readonly #running: Promise<void>
  #failures = 0
  #lastEventMs: number

  constructor(options: ReflectorOptions<T>) {
    this.#options = options
    this.#lastEventMs = options.clock.nowMs()
    this.synced = this.#sync.promise
    this.synced.catch(() => {})
    this.#running = this.#listAndWatch()
  }

  lastEventMs(): number {
    return this.#lastEventMs
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#sync.reject(new KubeError('Unavailable', `${this.#options.path}: closed`))
    await this.#running
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  async #listAndWatch(): Promise<void> {
    while (!this.#isClosed) {
      const version = await this.#list()
      if (version !== undefined) await this.#watchUntilExpired(version)
    }
  }

  /**
   * The version of the list that is now in the cache, or undefined after a failure and a backoff.
   */
  async #list(): Promise<string | undefined> {
    const { cache, clock, observer } = this.#options
    const startMs = clock.nowMs()
    const listStart = cache.startList()
    try {
      const { items, version } = await this.#listPages()
      cache.replace(listStart, items, version)
      observer?.listed?.(items.length, clock.nowMs() - startMs)
      this.#sync.resolve()
      return version
    } catch (error) {
      await this.#backOff('list', error)
      return undefined
    }
  }

  async #listPages(): Promise<{ readonly items: readonly T[]; readonly version: string }> {
    const { api, path } = this.#options
    const items: T[] = []
    let next: string | undefined
    for (;;) {
      const query = { ...this.#selectors(), limit: PAGE_SIZE, continue: next }
      const request = { method: 'GET', path, query, signal: this.#closing.signal } as const
      const page = (await api.request(request)) as ListPage<T>
      this.#recordEvent()
      for (const item of page.items) items.push(this.#trim(item))
      next = page.metadata.continue
      if (next === undefined || next === '') {
        return { items, version: page.metadata.resourceVersion }
      }
    }
  }

  /**
   * Watches from a version on, again whenever the watch ends, until the server no longer keeps what
   * comes next.
   */
  async #watchUntilExpired(version: string): Promise<void> {
    let from = version
    while (!this.#isClosed) {
      const { clock } = this.#options
      const startMs = clock.nowMs()
      const failure = await this.#watch(from, (onVersion) => {
        from = onVersion
      })
      const isStable = clock.nowMs() - startMs >= STABLE_WATCH_MS
      if (isStable) this.#failures = 0
      if (!isStable || failure !== undefined) await this.#backOff('watch', failure)
      if (isKubeError(failure, 'Expired')) return
    }
  }

  /** One watch; what ended it, if it was not the server in good order. */
  async #watch(from: string, onVersion: (version: string) => void): Promise<unknown> {
    const { api, clock, path, random, idleTimeoutMs = IDLE_TIMEOUT_MS, observer } = this.#options
    const timeoutSeconds = Math.round(MIN_WATCH_SECONDS * (1 + random()))
    const options = { api, clock, path, query: this.#selectors(), idleTimeoutMs }
    const signal = this.#closing.signal
    observer?.watchStarted?.()
    try {
      for await (const event of streamWatchEvents<T>({
        ...options,
        from,
        timeoutSeconds,
        signal,
      })) {
        this.#recordEvent()
        this.#applyEvent(event)
        onVersion(event.object.metadata.resourceVersion)
      }
      return undefined
    } catch (error) {
      return error
    }
  }

  #applyEvent(event: Parameters<ObjectCache<T>['applyEvent']>[0] | Bookmark): void {
    const { cache } = this.#options
    if (event.type === 'BOOKMARK') cache.applyBookmark(event.object.metadata.resourceVersion)
    else cache.applyEvent({ type: event.type, object: this.#trim(event.object) })
  }

  async #backOff(phase: 'list' | 'watch', error: unknown): Promise<void> {
    if (this.#isClosed) return
    const { clock, random, observer } = this.#options
    this.#failures++
    if (error !== undefined) observer?.failed?.(phase, error)
    const retryAfterMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0
    const delayMs = Math.max(retryAfterMs, computeBackoffMs(BACKOFF, this.#failures, random()))
    await pause(clock, delayMs, this.#closing.signal)
  }

  #trim(object: T): T {
    const { transform } = this.#options
    delete (object.metadata as { managedFields?: unknown }).managedFields
    return transform === undefined ? object : transform(object)
  }

  #selectors(): NonNullable<ApiRequest['query']> {
    const { labelSelector, fieldSelector } = this.#options
    return { labelSelector, fieldSelector }
  }

  #recordEvent(): void {
    this.#lastEventMs = this.#options.clock.nowMs()
    this.#options.observer?.received?.()
  }
}

/** Starts to list and watch into a cache, until it is closed; it never gives up. */
export const startReflector = <T extends ApiObject>(options: ReflectorOptions<T>): Reflector =>
  new CacheReflector(options)
