import type { V1PodSecurityContext, V1SecurityContext } from '@kubernetes/client-node'

/**
 * The user of the trainer's image; a number, since the kubelet proves by it that it is not root.
 */
const POD_USER = 1000

/** What the restricted profile asks of a pod; every pod of ours has it. */
export const POD_SECURITY: V1PodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: POD_USER,
  runAsGroup: POD_USER,
  fsGroup: POD_USER,
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
}

/** And of a container. */
export const CONTAINER_SECURITY: V1SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
}
