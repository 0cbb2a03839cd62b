import type { NodeView, PodView, TaintView, TolerationView } from './pod-view.ts'

/** Set by whoever is about to take a node away, or has taken it out of scheduling. */
const GOING: ReadonlySet<string> = new Set([
  'ToBeDeletedByClusterAutoscaler',
  'cloud.google.com/impending-node-termination',
  'karpenter.sh/disrupted',
  'karpenter.sh/disruption',
  'node.cloudprovider.kubernetes.io/shutdown',
  'node.kubernetes.io/unschedulable',
])
/** Each of its taints names an event of the cloud that ends the node. */
const GOING_PREFIX = 'aws-node-termination-handler/'

const isGoing = ({ key }: TaintView): boolean => GOING.has(key) || key.startsWith(GOING_PREFIX)

function tolerates({ key, operator, value, effect }: TolerationView, taint: TaintView): boolean {
  if (effect !== undefined && effect !== '' && effect !== taint.effect) return false
  if (key === undefined || key === '') return operator === 'Exists'
  return key === taint.key && (operator === 'Exists' || (value ?? '') === (taint.value ?? ''))
}

/** Whether a taint ends a pod, now or in a while. */
function ends({ spec }: PodView, taint: TaintView): boolean {
  if (taint.effect !== 'NoExecute') return false
  const tolerating = (spec?.tolerations ?? []).filter((one) => tolerates(one, taint))
  return !tolerating.some(({ tolerationSeconds }) => tolerationSeconds === undefined)
}

/** Why a pod will soon have to leave its node, as far as the node says; undefined where it may stay. */
export function nodeWarning(pod: PodView, { metadata, spec }: NodeView): string | undefined {
  const taint = (spec?.taints ?? []).find((one) => isGoing(one) || ends(pod, one))
  if (
    taint?.key === 'node.kubernetes.io/unschedulable' ||
    (taint === undefined && spec?.unschedulable === true)
  ) {
    return `node ${metadata.name} is cordoned`
  }
  return taint === undefined ? undefined : `node ${metadata.name} has the taint ${taint.key}`
}
