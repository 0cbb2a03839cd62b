import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sharedBed } from './bed/shared-bed.ts'
import {
  aRun,
  aSweep,
  isComplete,
  type LifecycleGround,
  openLifecycleGround,
  SUCCESS,
} from './lifecycle-ground.ts'

const bed = sharedBed()

let ground: LifecycleGround
beforeAll(async () => {
  ground = await openLifecycleGround(bed, { name: 'nodes', nodes: 3 })
})
afterAll(() => ground?.close())

/** The node on which the pod of a Job runs. */
async function nodeOf(job: string): Promise<string> {
  const pod = await ground.runningPod(job)
  return await ground.kubectl('get', 'pod', pod, '-o=jsonpath={.spec.nodeName}')
}

/** Takes the node from the network, and waits until the cluster wants its pods gone. */
async function lose(node: string, job: string): Promise<void> {
  const pod = await ground.runningPod(job)
  ground.kubelet.stopHeartbeat(node)
  const evicted = 'jsonpath={.status.conditions[?(@.type=="DisruptionTarget")].reason}'
  await ground.kubectl(
    ...['wait', `pod/${pod}`, `--for=${evicted}=DeletionByTaintManager`, '--timeout=60s'],
  )
}

describe('a node that is lost', () => {
  test('keeps its run, which may still train there, until its Node is deleted; then the next attempt starts elsewhere', async () => {
    await ground.apply(aRun('deleted-node'))
    const node = await nodeOf('deleted-node-a1')
    await lose(node, 'deleted-node-a1')
    const { status } = await ground.run('deleted-node')
    expect(status?.tasks?.[0]).toMatchObject({ attempt: 1, state: 'Running' })
    await bed.kubectl.ok(['delete', 'node', node])
    expect(await nodeOf('deleted-node-a2')).not.toBe(node)
    const [task] = (await ground.run('deleted-node')).status?.tasks ?? []
    expect(task).toMatchObject({ attempt: 2, retries: { Disruption: 1 }, cause: 'Disruption' })
    await ground.endPod('deleted-node-a2', SUCCESS)
    await ground.onceRun('deleted-node', isComplete)
    await ground.kubelet.startHeartbeat(node)
    await bed.kubectl.ok(['wait', 'node', node, '--for=condition=Ready', '--timeout=60s'])
  })

  test('is given up when somebody says that it is out of service', async () => {
    await ground.apply(aRun('out-of-service'))
    const node = await nodeOf('out-of-service-a1')
    await lose(node, 'out-of-service-a1')
    const taint = 'node.kubernetes.io/out-of-service=nodeshutdown:NoExecute'
    await bed.kubectl.ok(['taint', 'node', node, taint])
    expect(await nodeOf('out-of-service-a2')).not.toBe(node)
    const [task] = (await ground.run('out-of-service')).status?.tasks ?? []
    expect(task).toMatchObject({ attempt: 2, retries: { Disruption: 1 } })
    await ground.endPod('out-of-service-a2', SUCCESS)
    await ground.onceRun('out-of-service', isComplete)
    await bed.kubectl.ok(['taint', 'node', node, `${taint}-`])
    await ground.kubelet.startHeartbeat(node)
    await bed.kubectl.ok(['wait', 'node', node, '--for=condition=Ready', '--timeout=60s'])
  })

  test('and comes back goes on with what it ran: nothing is charged', async () => {
    await ground.apply(aRun('back', { pod: { tolerations: [{ operator: 'Exists' }] } }))
    const node = await nodeOf('back-a1')
    ground.kubelet.stopHeartbeat(node)
    await bed.kubectl.ok(['wait', 'node', node, '--for=condition=Ready=Unknown', '--timeout=60s'])
    await ground.kubelet.startHeartbeat(node)
    await bed.kubectl.ok(['wait', 'node', node, '--for=condition=Ready', '--timeout=60s'])
    await ground.endPod('back-a1', SUCCESS)
    const { status } = await ground.onceRun('back', isComplete)
    expect(status?.tasks?.[0]).toMatchObject({ attempt: 1 })
    expect(status?.tasks?.[0]?.retries).toBeUndefined()
  })
})

describe('a node that is drained', () => {
  test('gives its pod back with its last words, and the next attempt starts elsewhere', async () => {
    await ground.apply(aRun('drained'))
    const node = await nodeOf('drained-a1')
    await bed.kubectl.ok([
      ...['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=60s'],
      `--pod-selector=neco.dev/run`,
    ])
    expect(await nodeOf('drained-a2')).not.toBe(node)
    const [task] = (await ground.run('drained')).status?.tasks ?? []
    expect(task).toMatchObject({
      attempt: 2,
      retries: { Disruption: 1 },
      message: expect.stringMatching(/Interrupted|EvictionByEvictionAPI/),
    })
    await bed.kubectl.ok(['uncordon', node])
    await ground.endPod('drained-a2', SUCCESS)
    await ground.onceRun('drained', isComplete)
  })
})

describe('without a bus', () => {
  test('nobody can be asked for a checkpoint, and nothing says so', async () => {
    const events = await ground.kubectl('get', 'events', '-o=jsonpath={.items[*].reason}')
    expect(events).not.toContain('CheckpointRequested')
  })
})

describe('an operator that is removed', () => {
  test('as by helm uninstall leaves studies that can be deleted', async () => {
    await ground.apply(aSweep('orphan', 2))
    await ground.runningPod('orphan-0-r0-a1')
    const release = ['-n', ground.system, '-l', 'app.kubernetes.io/instance=neco', '--timeout=60s']
    await bed.kubectl.ok([
      'delete',
      'deployments,services,configmaps,serviceaccounts,roles,rolebindings,poddisruptionbudgets',
      ...release,
    ])
    expect(await ground.runningPod('orphan-1-r0-a1')).not.toBe('')
    expect(
      await ground.kubectl(
        'get',
        'necosweep,necoruns,jobs',
        '-o=jsonpath={.items[*].metadata.finalizers}',
      ),
    ).toBe('')
    await ground.kubectl('delete', 'necosweep', 'orphan', '--timeout=60s')
    await bed.kubectl.ok(['delete', 'namespace', ground.namespace, '--timeout=120s'])
  })
})
