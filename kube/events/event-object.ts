import { createHash } from 'node:crypto'
import { API_GROUP_VERSION, OPERATOR_NAME } from '../../crds/names.ts'
import type { ObjectEvent } from '../../operator/ports/events.ts'
import type { ObjectKey } from '../../operator/ports/objects.ts'
import type { Resource } from '../client/resource-path.ts'
import { microTime } from '../election/lease.ts'

export const EVENTS: Resource = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  plural: 'events',
}

/** How often the same thing happened, and when last. */
export interface Occurrences {
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
}

/** API servers refuse a longer note; bytes of UTF-8. */
const LONGEST_NOTE = 1024
/** Room for the mark of a character that was cut in two. */
const CUT_NOTE = 1020

const noteOf = (message: string): string =>
  Buffer.byteLength(message) <= LONGEST_NOTE
    ? message
    : Buffer.from(message).subarray(0, CUT_NOTE).toString()

/**
 * The name of the Event of something that happened to an object: the same for the same thing, so that the next leader
 * counts on where the last one ended.
 */
export function eventKey({ key, uid, reason, message }: ObjectEvent): ObjectKey {
  const digest = createHash('sha256').update(JSON.stringify([uid, reason, message]))
  return { namespace: key.namespace, name: `${key.name}.${digest.digest('hex').slice(0, 16)}` }
}

/** The part of an Event that says how often it happened; an API server takes it from 2 on. */
export const seriesOf = ({ count, lastMs }: Occurrences): object =>
  count < 2 ? {} : { series: { count, lastObservedTime: microTime(lastMs) } }

/** An Event as the API server takes it. */
export function eventObject(event: ObjectEvent, seen: Occurrences, instance: string): object {
  const { kind, key, uid, type, reason, message } = event
  return {
    apiVersion: EVENTS.apiVersion,
    kind: EVENTS.kind,
    metadata: eventKey(event),
    eventTime: microTime(seen.firstMs),
    reportingController: OPERATOR_NAME,
    reportingInstance: instance,
    action: 'Reconcile',
    type,
    reason,
    note: noteOf(message),
    regarding: { apiVersion: API_GROUP_VERSION, kind, ...key, uid },
    ...seriesOf(seen),
  }
}
