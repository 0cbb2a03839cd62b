import { describe, expect, it } from 'vitest'
import { buildBoundPod } from '../../../test/fixtures/pod-states.ts'
import { findEvictionWarning } from './eviction-warning.ts'
import type { NodeView, TolerationView } from './pod-view.ts'

const node = (spec: NonNullable<NodeView['spec']>): NodeView => ({ metadata: { name: 'n1' }, spec })
const podWith = (...tolerations: readonly TolerationView[]) => ({
  ...buildBoundPod({ phase: 'Running' }),
  spec: { nodeName: 'n1', tolerations },
})
const pod = podWith()

describe('the warning of a pod', () => {
  it.each([
    ['node.kubernetes.io/unschedulable', 'NoSchedule', 'node n1 is cordoned'],
    ['ToBeDeletedByClusterAutoscaler', 'NoSchedule', 'ToBeDeletedByClusterAutoscaler'],
    ['karpenter.sh/disrupted', 'NoSchedule', 'karpenter.sh/disrupted'],
    [
      'aws-node-termination-handler/spot-itn',
      'NoSchedule',
      'aws-node-termination-handler/spot-itn',
    ],
    ['maintenance', 'NoExecute', 'node n1 has the taint maintenance'],
  ])('comes from the taint %s', (key, effect, text) => {
    expect(findEvictionWarning(pod, node({ taints: [{ key, effect }] }))).toContain(text)
  })
  it('comes from a cordon before its taint does', () => {
    expect(findEvictionWarning(pod, node({ unschedulable: true }))).toBe('node n1 is cordoned')
  })
  it.each([
    ['a node without taints', pod, {}],
    ['a taint that keeps others away', pod, { taints: [{ key: 'gpu', effect: 'NoSchedule' }] }],
    [
      'a taint that the pod tolerates for ever',
      podWith({ key: 'team', operator: 'Equal', value: 'a', effect: 'NoExecute' }),
      { taints: [{ key: 'team', value: 'a', effect: 'NoExecute' }] },
    ],
    [
      'any taint where the pod tolerates all',
      podWith({ operator: 'Exists' }),
      { taints: [{ key: 'maintenance', effect: 'NoExecute' }] },
    ],
  ])('does not come from %s', (_what, seen, spec) => {
    expect(findEvictionWarning(seen, node(spec))).toBeUndefined()
  })
  it('comes from a taint that the pod tolerates for a while', () => {
    const key = 'node.kubernetes.io/not-ready'
    const brief = podWith({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 })
    const warning = findEvictionWarning(brief, node({ taints: [{ key, effect: 'NoExecute' }] }))
    expect(warning).toBe(`node n1 has the taint ${key}`)
  })
})
