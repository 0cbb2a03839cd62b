import type { Clock } from '../../operator/ports/clock.ts'
import type { Events, ObjectEvent } from '../../operator/ports/events.ts'
import { isPortError } from '../../operator/ports/port-error.ts'
import { pause } from '../abort-scope.ts'
import { backoffMs } from '../backoff.ts'
import type { ApiClient } from '../client/api-client.ts'
import { ApiError } from '../client/api-error.ts'
import { collectionPath, objectPath } from '../client/resource-path.ts'
import { EVENTS, eventKey, eventObject, type Occurrences, seriesOf } from './event-object.ts'
import { TokenBucket } from './token-bucket.ts'

export interface EventRecorderOptions {
  readonly api: ApiClient
  /** Of wall time: its times stand in the Events. */
  readonly clock: Clock
  /** The name of this process, at most 128 characters. */
  readonly instance: string
  /** How many writes an object's Events may cost at once, and how long until it may cost one more. */
  readonly limits?: { readonly burst: number; readonly refillMs: number }
  /** Told of every Event that was given up. */
  readonly failed?: (error: unknown) => void
}

/** Publishes Events in the background; its caller neither waits nor fails. */
export interface EventRecorder extends Events {
  /** Resolves when everything published has been sent or given up. */
  idle(): Promise<void>
  /** Gives up what was not sent. */
  close(): Promise<void>
}

interface Known {
  readonly event: ObjectEvent
  seen: Occurrences
  isSent: boolean
}

const DEFAULT_LIMITS = { burst: 25, refillMs: 300_000 }
const MOST_KEPT = 4096
const MOST_QUEUED = 1000
const MOST_TRIES = 5

/** Makes the entry the newest, and forgets the oldest of too many. */
function keep<V>(map: Map<string, V>, key: string, value: V): V {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > MOST_KEPT && oldest !== undefined) map.delete(oldest)
  return value
}

class Recorder implements EventRecorder {
  readonly #options: EventRecorderOptions
  readonly #known = new Map<string, Known>()
  readonly #buckets = new Map<string, TokenBucket>()
  readonly #queue = new Set<Known>()
  readonly #closing = new AbortController()
  #sending: Promise<void> | undefined

  constructor(options: EventRecorderOptions) {
    this.#options = options
  }

  async publish(event: ObjectEvent): Promise<void> {
    if (this.#closing.signal.aborted) return
    const nowMs = this.#options.clock.nowMs()
    const known = this.#count(event, nowMs)
    const { limits = DEFAULT_LIMITS } = this.#options
    const found = this.#buckets.get(event.uid)
    const bucket = keep(this.#buckets, event.uid, found ?? new TokenBucket(limits, nowMs))
    if (this.#queue.has(known) || !bucket.take(nowMs)) return
    this.#enqueue(known)
  }

  async idle(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#queue.clear()
    await this.idle()
  }

  #count(event: ObjectEvent, nowMs: number): Known {
    const { name } = eventKey(event)
    const seen = { count: 0, firstMs: nowMs, lastMs: nowMs }
    const known = this.#known.get(name) ?? { event, seen, isSent: false }
    known.seen = { ...known.seen, count: known.seen.count + 1, lastMs: nowMs }
    return keep(this.#known, name, known)
  }

  #enqueue(known: Known): void {
    this.#queue.add(known)
    const [oldest] = this.#queue
    if (this.#queue.size > MOST_QUEUED && oldest !== undefined) this.#queue.delete(oldest)
    this.#pump()
  }

  #pump(): void {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
      if (this.#queue.size > 0) this.#pump()
    })
  }

  async #sendAll(): Promise<void> {
    for (const known of this.#queue) {
      this.#queue.delete(known)
      await this.#sendPatiently(known)
    }
  }

  async #sendPatiently(known: Known): Promise<void> {
    const { clock, failed } = this.#options
    for (let tries = 1; !this.#closing.signal.aborted; tries++) {
      try {
        await this.#send(known)
        return
      } catch (error) {
        // Nobody can read an Event in a namespace that goes.
        if (isPortError(error, 'NamespaceTerminating')) return
        if (tries === MOST_TRIES || !canPass(error)) return failed?.(error)
        await pause(clock, backoffMs(tries + 1, 0), this.#closing.signal)
      }
    }
  }

  async #send(known: Known): Promise<void> {
    if (known.isSent && (await this.#repeat(known))) return
    if (!(await this.#create(known))) {
      await this.#countOn(known)
      await this.#repeat(known)
    }
    known.isSent = true
  }

  /** Whether the Event was new. */
  #create({ event, seen }: Known): Promise<boolean> {
    const path = collectionPath(EVENTS, event.key.namespace)
    const body = eventObject(event, seen, this.#options.instance)
    const { signal } = this.#closing
    return unless(
      'AlreadyExists',
      this.#options.api.request({ method: 'POST', path, body, signal }),
    )
  }

  /** Whether the Event was still there: API servers keep them for an hour. */
  #repeat({ event, seen }: Known): Promise<boolean> {
    const { signal } = this.#closing
    const request = {
      method: 'PATCH',
      path: objectPath(EVENTS, eventKey(event)),
      body: seriesOf(seen),
      contentType: 'application/merge-patch+json',
      signal,
    } as const
    return unless('NotFound', this.#options.api.request(request))
  }

  /** Takes over the count of a process before this one. */
  async #countOn(known: Known): Promise<void> {
    const path = objectPath(EVENTS, eventKey(known.event))
    const { signal } = this.#closing
    const found = (await this.#options.api.request({ method: 'GET', path, signal })) as {
      readonly series?: { readonly count: number }
    }
    const count = known.seen.count + (found.series?.count ?? 1)
    known.seen = { ...known.seen, count }
  }
}

/** Whether another try can help. */
const canPass = (error: unknown): boolean =>
  isPortError(error, 'Unavailable') && !(error instanceof ApiError && error.reason === 'NotLeading')

async function unless(
  code: 'AlreadyExists' | 'NotFound',
  answer: Promise<unknown>,
): Promise<boolean> {
  try {
    await answer
    return true
  } catch (error) {
    if (isPortError(error, code)) return false
    throw error
  }
}

/**
 * A recorder whose Events repeat as a count: the same reason and message of an object is one Event, and an object's
 * Events cost a burst of writes and then one each five minutes.
 */
export const createEventRecorder = (options: EventRecorderOptions): EventRecorder =>
  new Recorder(options)
