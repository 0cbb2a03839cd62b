import type { NodeView, PodView, TaintView, TolerationView } from './pod-view.ts'

/** Set by whoever is about to take a node away, or has taken it out of scheduling. */
const TERMINATION_TAINTS: ReadonlySet<string> = new Set([
  'ToBeDeletedByClusterAutoscaler',
  'cloud.google.com/impending-node-termination',
  'karpenter.sh/disrupted',
  'karpenter.sh/disruption',
  'node.cloudprovider.kubernetes.io/shutdown',
  'node.kubernetes.io/unschedulable',
])
/** Each of its taints names an event of the cloud that ends the node. */
const TERMINATION_TAINT_PREFIX = 'aws-node-termination-handler/'

const isTerminationTaint = ({ key }: TaintView): boolean =>
  TERMINATION_TAINTS.has(key) || key.startsWith(TERMINATION_TAINT_PREFIX)

function tolerates({ key, operator, value, effect }: TolerationView, taint: TaintView): boolean {
  if (effect !== undefined && effect !== '' && effect !== taint.effect) return false
  if (key === undefined || key === '') return operator === 'Exists'
  return key === taint.key && (operator === 'Exists' || (value ?? '') === (taint.value ?? ''))
}

/** Whether a taint ends a pod, now or in a while. */
function evictsPod({ spec }: PodView, taint: TaintView): boolean {
  if (taint.effect !== 'NoExecute') return false
  const tolerating = (spec?.tolerations ?? []).filter((one) => tolerates(one, taint))
  return !tolerating.some(({ tolerationSeconds }) => tolerationSeconds === undefined)
}

/**
 * Why a pod will soon have to leave its node, as far as the node says; undefined where it may stay.
 */
export function findEvictionWarning(
  pod: PodView,
  { metadata, spec }: NodeView,
): string | undefined {
  const taint = (spec?.taints ?? []).find((one) => isTerminationTaint(one) || evictsPod(pod, one))
  if (
    taint?.key === 'node.kubernetes.io/unschedulable' ||
    (taint === undefined && spec?.unschedulable === true)
  ) {
    return `node ${metadata.name} is cordoned`
  }
  return taint === undefined ? undefined : `node ${metadata.name} has the taint ${taint.key}`
}
