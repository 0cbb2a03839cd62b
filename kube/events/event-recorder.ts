import { type BackoffLimits, computeBackoffMs } from '../../std/backoff.ts'
import { BoundedMap } from '../../std/bounded-map.ts'
import type { Clock } from '../../std/clock.ts'
import { pause } from '../../std/pause.ts'
import type { ApiClient } from '../client/api-client.ts'
import { ApiError } from '../client/api-error.ts'
import { buildCollectionPath, buildObjectPath } from '../client/resource-path.ts'
import { isKubeError } from '../kube-error.ts'
import {
  buildEventKey,
  buildEventObject,
  buildEventSeries,
  EVENT_RESOURCE,
  type EventOccurrences,
  type EventReporter,
  type ObjectEvent,
} from './event-object.ts'
import { TokenBucket } from './token-bucket.ts'

export interface EventRecorderOptions {
  readonly api: ApiClient
  /** Of wall time: its times stand in the Events. */
  readonly clock: Clock
  /**
   * Which controller reports, `example.com/controller`, and which of its processes; at most 128
   * characters each.
   */
  readonly reporter: EventReporter
  /**
   * How many writes an object's Events may cost at once, and how long until it may cost one more.
   */
  readonly limits?: { readonly burst: number; readonly refillMs: number }
  /** Called for every Event that was given up. */
  readonly onDropped?: (error: unknown) => void
}

/** Publishes Events in the background; its caller neither waits nor fails. */
export interface EventRecorder {
  publish(event: ObjectEvent): Promise<void>
  /** Resolves when everything published has been sent or given up. */
  idle(): Promise<void>
  /** Gives up what was not sent. */
  close(): Promise<void>
}

interface TrackedEvent {
  readonly event: ObjectEvent
  occurrences: EventOccurrences
  isSent: boolean
}

const DEFAULT_LIMITS = { burst: 25, refillMs: 300_000 }
const MAX_TRACKED_EVENTS = 4096
const MAX_QUEUED_EVENTS = 1000
const MAX_SEND_ATTEMPTS = 5
const RETRY_BACKOFF: BackoffLimits = { initialMs: 2_000, maxMs: 30_000 }

class BackgroundEventRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions
  readonly #tracked = new BoundedMap<string, TrackedEvent>(MAX_TRACKED_EVENTS)
  readonly #buckets = new BoundedMap<string, TokenBucket>(MAX_TRACKED_EVENTS)
  /** By the name of the Event. */
  readonly #queue = new BoundedMap<string, TrackedEvent>(MAX_QUEUED_EVENTS)
  readonly #closing = new AbortController()
  #sending: Promise<void> | undefined

  constructor(options: EventRecorderOptions) {
    this.#options = options
  }

  async publish(event: ObjectEvent): Promise<void> {
    if (this.#closing.signal.aborted) return
    const nowMs = this.#options.clock.nowMs()
    const tracked = this.#recordOccurrence(event, nowMs)
    const { limits = DEFAULT_LIMITS } = this.#options
    const bucket = this.#buckets.get(event.uid) ?? new TokenBucket(limits, nowMs)
    this.#buckets.set(event.uid, bucket)
    if (this.#queue.has(buildEventKey(event).name) || !bucket.take(nowMs)) return
    this.#enqueue(tracked)
  }

  async idle(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#queue.clear()
    await this.idle()
  }

  #recordOccurrence(event: ObjectEvent, nowMs: number): TrackedEvent {
    const { name } = buildEventKey(event)
    const occurrences = { count: 0, firstMs: nowMs, lastMs: nowMs }
    const tracked = this.#tracked.get(name) ?? { event, occurrences, isSent: false }
    tracked.occurrences = {
      ...tracked.occurrences,
      count: tracked.occurrences.count + 1,
      lastMs: nowMs,
    }
    this.#tracked.set(name, tracked)
    return tracked
  }

  #enqueue(tracked: TrackedEvent): void {
    this.#queue.set(buildEventKey(tracked.event).name, tracked)
    this.#drainQueue()
  }

  #drainQueue(): void {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
      if (this.#queue.size > 0) this.#drainQueue()
    })
  }

  async #sendAll(): Promise<void> {
    for (const [name, tracked] of this.#queue.entries()) {
      this.#queue.delete(name)
      await this.#sendWithRetry(tracked)
    }
  }

  async #sendWithRetry(tracked: TrackedEvent): Promise<void> {
    const { clock, onDropped } = this.#options
    for (let attempt = 1; !this.#closing.signal.aborted; attempt++) {
      try {
        await this.#send(tracked)
        return
      } catch (error) {
        // Nobody can read an Event in a namespace that goes.
        if (isKubeError(error, 'NamespaceTerminating')) return
        if (attempt === MAX_SEND_ATTEMPTS || !isRetryable(error)) return onDropped?.(error)
        await pause(clock, computeBackoffMs(RETRY_BACKOFF, attempt), this.#closing.signal)
      }
    }
  }

  async #send(tracked: TrackedEvent): Promise<void> {
    if (tracked.isSent && (await this.#patchSeries(tracked))) return
    if (!(await this.#create(tracked))) {
      await this.#adoptCount(tracked)
      await this.#patchSeries(tracked)
    }
    tracked.isSent = true
  }

  /** Whether the Event was new. */
  #create({ event, occurrences }: TrackedEvent): Promise<boolean> {
    const path = buildCollectionPath(EVENT_RESOURCE, event.key.namespace)
    const body = buildEventObject(event, occurrences, this.#options.reporter)
    const { signal } = this.#closing
    return succeedsUnless(
      'AlreadyExists',
      this.#options.api.request({ method: 'POST', path, body, signal }),
    )
  }

  /** Whether the Event was still there: API servers keep them for an hour. */
  #patchSeries({ event, occurrences }: TrackedEvent): Promise<boolean> {
    const { signal } = this.#closing
    const request = {
      method: 'PATCH',
      path: buildObjectPath(EVENT_RESOURCE, buildEventKey(event)),
      body: buildEventSeries(occurrences),
      contentType: 'application/merge-patch+json',
      signal,
    } as const
    return succeedsUnless('NotFound', this.#options.api.request(request))
  }

  /** Takes over the count of a process before this one. */
  async #adoptCount(tracked: TrackedEvent): Promise<void> {
    const path = buildObjectPath(EVENT_RESOURCE, buildEventKey(tracked.event))
    const { signal } = this.#closing
    const found = (await this.#options.api.request({ method: 'GET', path, signal })) as {
      readonly series?: { readonly count: number }
    }
    const count = tracked.occurrences.count + (found.series?.count ?? 1)
    tracked.occurrences = { ...tracked.occurrences, count }
  }
}

/** Whether another try can help. */
const isRetryable = (error: unknown): boolean =>
  isKubeError(error, 'Unavailable') && !(error instanceof ApiError && error.reason === 'NotLeading')

async function succeedsUnless(
  code: 'AlreadyExists' | 'NotFound',
  answer: Promise<unknown>,
): Promise<boolean> {
  try {
    await answer
    return true
  } catch (error) {
    if (isKubeError(error, code)) return false
    throw error
  }
}

/**
 * A recorder whose Events repeat as a count: the same reason and message of an object is one Event,
 * and an object's Events cost a burst of writes and then one each five minutes.
 */
export const createEventRecorder = (options: EventRecorderOptions): EventRecorder =>
  new BackgroundEventRecorder(options)
