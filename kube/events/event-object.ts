import { createHash } from 'node:crypto'
import type { ApiResource } from '../client/resource-path.ts'
import { toMicroTime } from '../election/lease-lock.ts'
import type { ObjectKey } from '../object-key.ts'

export const EVENT_RESOURCE: ApiResource = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  plural: 'events',
}

/** Something a person may want to know of an object. */
export interface ObjectEvent {
  readonly apiVersion: string
  readonly kind: string
  readonly key: ObjectKey
  readonly uid: string
  readonly type: 'Normal' | 'Warning'
  /** One word in CamelCase, for programs. */
  readonly reason: string
  readonly message: string
}

export interface EventReporter {
  readonly controller: string
  readonly instance: string
}

/** How often the same thing happened, and when last (ms since 1970). */
export interface EventOccurrences {
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
}

/** API servers refuse a longer note; bytes of UTF-8. */
const MAX_NOTE_BYTES = 1024
/** Room for the mark of a character that was cut in two. */
const TRUNCATED_NOTE_BYTES = 1020

const truncateNote = (message: string): string =>
  Buffer.byteLength(message) <= MAX_NOTE_BYTES
    ? message
    : Buffer.from(message).subarray(0, TRUNCATED_NOTE_BYTES).toString()

/**
 * The name of the Event of something that happened to an object: the same for the same thing, so
 * that the next leader counts on where the last one ended.
 */
export function buildEventKey({ key, uid, reason, message }: ObjectEvent): ObjectKey {
  const digest = createHash('sha256').update(JSON.stringify([uid, reason, message]))
  return { namespace: key.namespace, name: `${key.name}.${digest.digest('hex').slice(0, 16)}` }
}

/** The part of an Event that says how often it happened; an API server takes it from 2 on. */
export const buildEventSeries = ({ count, lastMs }: EventOccurrences): object =>
  count < 2 ? {} : { series: { count, lastObservedTime: toMicroTime(lastMs) } }

/** An Event as the API server takes it. */
export function buildEventObject(
  event: ObjectEvent,
  occurrences: EventOccurrences,
  reporter: EventReporter,
): object {
  const { apiVersion, kind, key, uid, type, reason, message } = event
  return {
    apiVersion: EVENT_RESOURCE.apiVersion,
    kind: EVENT_RESOURCE.kind,
    metadata: buildEventKey(event),
    eventTime: toMicroTime(occurrences.firstMs),
    reportingController: reporter.controller,
    reportingInstance: reporter.instance,
    action: 'Reconcile',
    type,
    reason,
    note: truncateNote(message),
    regarding: { apiVersion, kind, ...key, uid },
    ...buildEventSeries(occurrences),
  }
}
