import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import {
  buildLifecycleRun,
  buildLifecycleSweep,
  isComplete,
  type LifecycleFixture,
  openLifecycleFixture,
  SUCCESS,
} from './lifecycle-fixture.ts'

const testbed = sharedTestbed()

let fixture: LifecycleFixture
beforeAll(async () => {
  fixture = await openLifecycleFixture(testbed, { name: 'nodes', nodes: 3 })
})
afterAll(() => fixture?.close())

/** The node on which the pod of a Job runs. */
async function findNode(job: string): Promise<string> {
  const pod = await fixture.waitForRunningPod(job)
  return await fixture.kubectl('get', 'pod', pod, '-o=jsonpath={.spec.nodeName}')
}

/** Disconnects the node, and waits until the cluster evicts its pods. */
async function lose(node: string, job: string): Promise<void> {
  const pod = await fixture.waitForRunningPod(job)
  fixture.kubelet.stopHeartbeat(node)
  const evicted = 'jsonpath={.status.conditions[?(@.type=="DisruptionTarget")].reason}'
  await fixture.kubectl(
    ...['wait', `pod/${pod}`, `--for=${evicted}=DeletionByTaintManager`, '--timeout=60s'],
  )
}

describe('a node that is lost', () => {
  test('keeps its run, which may still train there, until its Node is deleted; then the next attempt starts elsewhere', async () => {
    await fixture.apply(buildLifecycleRun('deleted-node'))
    const node = await findNode('deleted-node-a1')
    await lose(node, 'deleted-node-a1')
    const { status } = await fixture.run('deleted-node')
    expect(status?.tasks?.[0]).toMatchObject({ attempt: 1, state: 'Running' })
    await testbed.kubectl.ok(['delete', 'node', node])
    expect(await findNode('deleted-node-a2')).not.toBe(node)
    const [task] = (await fixture.run('deleted-node')).status?.tasks ?? []
    expect(task).toMatchObject({ attempt: 2, retries: { Disruption: 1 }, cause: 'Disruption' })
    await fixture.endPod('deleted-node-a2', SUCCESS)
    await fixture.waitForRun('deleted-node', isComplete)
    await fixture.kubelet.startHeartbeat(node)
    await testbed.kubectl.ok(['wait', 'node', node, '--for=condition=Ready', '--timeout=60s'])
  })

  test('loses its run when it is marked out of service', async () => {
    await fixture.apply(buildLifecycleRun('out-of-service'))
    const node = await findNode('out-of-service-a1')
    await lose(node, 'out-of-service-a1')
    const taint = 'node.kubernetes.io/out-of-service=nodeshutdown:NoExecute'
    await testbed.kubectl.ok(['taint', 'node', node, taint])
    expect(await findNode('out-of-service-a2')).not.toBe(node)
    const [task] = (await fixture.run('out-of-service')).status?.tasks ?? []
    expect(task).toMatchObject({ attempt: 2, retries: { Disruption: 1 } })
    await fixture.endPod('out-of-service-a2', SUCCESS)
    await fixture.waitForRun('out-of-service', isComplete)
    await testbed.kubectl.ok(['taint', 'node', node, `${taint}-`])
    await fixture.kubelet.startHeartbeat(node)
    await testbed.kubectl.ok(['wait', 'node', node, '--for=condition=Ready', '--timeout=60s'])
  })

  test('and comes back continues its run: nothing is charged', async () => {
    await fixture.apply(
      buildLifecycleRun('back', { pod: { tolerations: [{ operator: 'Exists' }] } }),
    )
    const node = await findNode('back-a1')
    fixture.kubelet.stopHeartbeat(node)
    await testbed.kubectl.ok([
      'wait',
      'node',
      node,
      '--for=condition=Ready=Unknown',
      '--timeout=60s',
    ])
    await fixture.kubelet.startHeartbeat(node)
    await testbed.kubectl.ok(['wait', 'node', node, '--for=condition=Ready', '--timeout=60s'])
    await fixture.endPod('back-a1', SUCCESS)
    const { status } = await fixture.waitForRun('back', isComplete)
    expect(status?.tasks?.[0]).toMatchObject({ attempt: 1 })
    expect(status?.tasks?.[0]?.retries).toBeUndefined()
  })
})

describe('a node that is drained', () => {
  test('evicts its pod, which leaves a termination message, and the next attempt starts elsewhere', async () => {
    await fixture.apply(buildLifecycleRun('drained'))
    const node = await findNode('drained-a1')
    await testbed.kubectl.ok([
      ...['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=60s'],
      `--pod-selector=neco.dev/run`,
    ])
    expect(await findNode('drained-a2')).not.toBe(node)
    const [task] = (await fixture.run('drained')).status?.tasks ?? []
    expect(task).toMatchObject({
      attempt: 2,
      retries: { Disruption: 1 },
      message: expect.stringMatching(/Interrupted|EvictionByEvictionAPI/),
    })
    await testbed.kubectl.ok(['uncordon', node])
    await fixture.endPod('drained-a2', SUCCESS)
    await fixture.waitForRun('drained', isComplete)
  })
})

describe('without a bus', () => {
  test('no checkpoint can be requested, and no Event mentions one', async () => {
    const events = await fixture.kubectl('get', 'events', '-o=jsonpath={.items[*].reason}')
    expect(events).not.toContain('CheckpointRequested')
  })
})

describe('an operator that is removed', () => {
  test('by helm uninstall leaves studies that can be deleted', async () => {
    await fixture.apply(buildLifecycleSweep('orphan', 2))
    await fixture.waitForRunningPod('orphan-0-r0-a1')
    const release = ['-n', fixture.system, '-l', 'app.kubernetes.io/instance=neco', '--timeout=60s']
    await testbed.kubectl.ok([
      'delete',
      'deployments,services,configmaps,serviceaccounts,roles,rolebindings,poddisruptionbudgets',
      ...release,
    ])
    expect(await fixture.waitForRunningPod('orphan-1-r0-a1')).not.toBe('')
    expect(
      await fixture.kubectl(
        'get',
        'necosweep,necoruns,jobs',
        '-o=jsonpath={.items[*].metadata.finalizers}',
      ),
    ).toBe('')
    await fixture.kubectl('delete', 'necosweep', 'orphan', '--timeout=60s')
    await testbed.kubectl.ok(['delete', 'namespace', fixture.namespace, '--timeout=120s'])
  })
})
