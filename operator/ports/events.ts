import type { ObjectEvent as AnyObjectEvent } from '../../kube/events/event-object.ts'

/** Something a person may want to know of a run or a sweep. */
export interface ObjectEvent extends Omit<AnyObjectEvent, 'apiVersion'> {
  readonly kind: 'NeCoRun' | 'NeCoSweep'
}

/** Publishes events; losing one loses nothing that anything depends on. */
export interface Events {
  publish(event: ObjectEvent): Promise<void>
}
