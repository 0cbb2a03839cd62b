import { API_GROUP, RUN_KIND } from '../../../crds/names.ts'
import type { ObjectMeta } from '../../../crds/object-meta.ts'
import { KubeError } from '../../../kube/kube-error.ts'
import { findController } from './pod-view.ts'

export interface ConflictingObject {
  readonly kind: 'Job' | 'ConfigMap'
  readonly namespace: string
  readonly name: string
  /** Of the object that is there; undefined where it went in the meantime. */
  readonly metadata: Pick<ObjectMeta, 'ownerReferences' | 'deletionTimestamp'> | undefined
}

const findConflictOwner = ({ metadata }: ConflictingObject) =>
  metadata === undefined ? undefined : findController(metadata)

const isControlledByRun = (conflict: ConflictingObject): boolean => {
  const controller = findConflictOwner(conflict)
  return controller?.kind === RUN_KIND && controller.apiVersion.startsWith(`${API_GROUP}/`)
}

/**
 * Why an object cannot be made under a name: AlreadyExists where what is there will go or is that
 * of a run, so that trying again helps; NameConflict where somebody else has the name.
 */
export function toNameConflictError(conflict: ConflictingObject): KubeError {
  const { kind, namespace, name, metadata } = conflict
  const what = `${kind} ${namespace}/${name}`
  const isTerminating = metadata === undefined || metadata.deletionTimestamp !== undefined
  if (isTerminating) return new KubeError('AlreadyExists', `${what} is still being deleted`)
  const controller = findConflictOwner(conflict)
  const owner = controller === undefined ? 'nobody' : `${controller.kind} ${controller.name}`
  return isControlledByRun(conflict)
    ? new KubeError('AlreadyExists', `${what} belongs to ${owner} already`)
    : new KubeError(
        'NameConflict',
        `${what} is in the way: it belongs to ${owner}; delete it, or give the run another name`,
      )
}
