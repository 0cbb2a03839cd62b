import { isKubeError } from '../../kube/kube-error.ts'
import type { BlockedReason } from '../core/reconcile-plan.ts'
import { BusError } from '../ports/bus.ts'

/**
 * What keeps a plan from being applied though nothing is wrong with its object, and trying again at
 * once cannot help: something stands under a name, a right or a quota is missing, or no credentials
 * can be signed. Undefined for any other failure.
 */
export function findBlockedReason(error: unknown): BlockedReason | undefined {
  const { message } = error as Error
  if (isKubeError(error, 'NameConflict')) return { reason: 'NameConflict', message }
  if (error instanceof BusError) return { reason: error.code, message }
  if (!isKubeError(error, 'Forbidden')) return undefined
  const advice = 'raise the quota, change the policy, or give the operator the right'
  return { reason: 'Forbidden', message: `${message}; ${advice}` }
}
