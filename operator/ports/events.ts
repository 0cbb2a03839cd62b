import type { ObjectKey } from './objects.ts'

/** Something a person may want to know of an object. */
export interface ObjectEvent {
  readonly kind: 'NeCoRun' | 'NeCoSweep'
  readonly key: ObjectKey
  readonly uid: string
  readonly type: 'Normal' | 'Warning'
  /** One word for programs. */
  readonly reason: string
  readonly message: string
}

/** Publishes events; losing one loses nothing that anything depends on. */
export interface Events {
  publish(event: ObjectEvent): Promise<void>
}
