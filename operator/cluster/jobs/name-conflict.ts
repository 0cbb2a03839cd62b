import { API_GROUP, RUN_KIND } from '../../../crds/names.ts'
import type { ObjectMeta } from '../../../crds/object-meta.ts'
import { PortError } from '../../ports/port-error.ts'

export interface Taken {
  readonly kind: 'Job' | 'ConfigMap'
  readonly namespace: string
  readonly name: string
  /** Of the object that is there; undefined where it went in the meantime. */
  readonly metadata: Pick<ObjectMeta, 'ownerReferences' | 'deletionTimestamp'> | undefined
}

const controllerOf = ({ metadata }: Taken) =>
  metadata?.ownerReferences?.find(({ controller }) => controller === true)

const isOfRun = (taken: Taken): boolean => {
  const controller = controllerOf(taken)
  return controller?.kind === RUN_KIND && controller.apiVersion.startsWith(`${API_GROUP}/`)
}

/**
 * Why an object cannot be made under a name: AlreadyExists where what is there will go or is that of a run, so that
 * trying again helps; NameConflict where somebody else has the name.
 */
export function nameTaken(taken: Taken): PortError {
  const { kind, namespace, name, metadata } = taken
  const what = `${kind} ${namespace}/${name}`
  const isGoing = metadata === undefined || metadata.deletionTimestamp !== undefined
  if (isGoing) return new PortError('AlreadyExists', `${what} is still being deleted`)
  const controller = controllerOf(taken)
  const owner = controller === undefined ? 'nobody' : `${controller.kind} ${controller.name}`
  return isOfRun(taken)
    ? new PortError('AlreadyExists', `${what} belongs to ${owner} already`)
    : new PortError(
        'NameConflict',
        `${what} is in the way: it belongs to ${owner}; delete it, or give the run another name`,
      )
}
