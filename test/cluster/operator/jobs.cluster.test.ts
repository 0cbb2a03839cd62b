import { KubeConfig } from '@kubernetes/client-node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createApiClient } from '../../../kube/client/api-client.ts'
import { createApiEndpoint } from '../../../kube/client/api-endpoint.ts'
import { createKubernetesPrerequisites } from '../../../operator/cluster/jobs/kubernetes-prerequisites.ts'
import { classifyJobFailure } from '../../../operator/core/run/failure-cause.ts'
import type { ObservedJob } from '../../../operator/ports/observed-job.ts'
import { describeJobsContract } from '../../contract/jobs-contract.ts'
import { systemClock } from '../kubelet/system-clock.ts'
import { makeLocalClaim } from '../testbed/local-claim.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { type JobFixture, type JobsPlatform, openJobFixture } from './job-fixture.ts'

const testbed = sharedTestbed()
let fixture: JobFixture
beforeAll(async () => {
  fixture = await openJobFixture(testbed, 'job-fixture')
})
afterAll(() => fixture.close())

describeJobsContract('a real cluster', async () => {
  const { jobs, namespace, mine, other, aRequest, endPod, close } = await fixture.openPlatform()
  return {
    jobs,
    namespace,
    owners: { mine, other },
    buildRequest: aRequest,
    endPod: (name, { exitCode, termination }) =>
      endPod(name, { exitCode, terminationMessage: JSON.stringify(termination) }),
    close,
  }
})

describe('a pod of a real cluster', () => {
  const name = 'study-0-r0-a1'
  let platform: JobsPlatform
  beforeEach(async () => {
    platform = await fixture.openPlatform()
  })
  afterEach(() => platform.close())

  const kubectl = (...args: readonly string[]) =>
    testbed.kubectl.ok([...args, '-n', platform.namespace])
  const podName = async (): Promise<string> =>
    (await kubectl('get', 'pods', '-o=jsonpath={.items[0].metadata.name}')).trim()
  const isRunning = ({ state }: ObservedJob): boolean => state === 'Running'
  const hasFailed = ({ state }: ObservedJob): boolean => state === 'Failed'
  const start = async (pod?: object): Promise<void> => {
    await platform.jobs.create(platform.aRequest(name, platform.mine, pod))
  }

  it('waits for a node that has the GPUs it asks for', async () => {
    await start({ resources: { limits: { 'nvidia.com/gpu': 99 } } })
    const { waiting } = await platform.waitForJob((job) => job.waiting?.reason !== undefined)
    expect(waiting).toMatchObject({ phase: 'Schedule', reason: 'Unschedulable' })
    expect(waiting?.message).toContain('Insufficient nvidia.com/gpu')
  })

  it('waits for an image that no registry has', async () => {
    await start({ image: 'neco/nowhere:1' })
    const { waiting } = await platform.waitForJob((job) => job.waiting?.reason !== undefined)
    expect(waiting?.phase).toBe('Pull')
    expect(waiting?.reason).toMatch(/ErrImagePull|ImagePullBackOff/)
  })

  it('waits for its queue while its Job is suspended, and runs when the queue admits it', async () => {
    const request = platform.aRequest(name, platform.mine)
    const placement = { ...request.placement, queueName: 'gpus' }
    await platform.jobs.create({ ...request, placement })
    const { waiting } = await platform.waitForJob((job) => job.waiting?.phase === 'Queue')
    expect(waiting?.message).toBe('queue gpus has not admitted the Job yet')
    await kubectl('patch', `job/${name}`, '--type=merge', '-p={"spec":{"suspend":false}}')
    expect((await platform.waitForJob(isRunning)).imageId).toContain('@sha256:1111')
    await kubectl('patch', `job/${name}`, '--type=merge', '-p={"spec":{"suspend":true}}')
    await platform.waitForJob((job) => job.waiting?.phase === 'Queue')
  })

  it.each([
    ['a wrong input', { exitCode: 2 }, 'UserError'],
    ['the memory limit', { exitCode: 137, reason: 'OOMKilled' }, 'Infeasible'],
    ['a bug', { exitCode: 1 }, 'Unexpected'],
    ['SIGKILL without a termination message', { exitCode: 137 }, 'Disruption'],
    ['failing storage', { exitCode: 4 }, 'Infrastructure'],
    [
      'eviction by the kubelet',
      {
        exitCode: 143,
        podEnd: { reason: 'Evicted', message: 'low on memory', disruption: 'TerminationByKubelet' },
      },
      'Disruption',
    ],
  ])('that ends by %s is charged to the right budget', async (_what, how, budget) => {
    await start()
    await platform.endPod(name, how)
    expect(classifyJobFailure(await platform.waitForJob(hasFailed))).toBe(budget)
  })

  it('that is evicted by the API, as by a drain, was disrupted', async () => {
    await start()
    await platform.waitForJob(isRunning)
    const pod = await podName()
    const eviction = await testbed.api({
      method: 'POST',
      path: `/api/v1/namespaces/${platform.namespace}/pods/${pod}/eviction`,
      body: {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: pod, namespace: platform.namespace },
      },
    })
    expect(eviction.status).toBe(201)
    expect(await platform.waitForJob(hasFailed)).toMatchObject({
      cause: 'Disrupted',
      message: expect.stringContaining('EvictionByEvictionAPI'),
    })
  })

  it.each([[['--grace-period=30']], [['--grace-period=0', '--force']]])(
    'that is deleted by hand (%s) was disrupted',
    async (args) => {
      await start()
      await platform.waitForJob(isRunning)
      await kubectl('delete', 'pod', await podName(), '--wait=false', ...args)
      const job = await platform.waitForJob(hasFailed)
      expect([classifyJobFailure(job), job.endedMs]).toEqual(['Disruption', expect.any(Number)])
    },
  )

  it('is preempted by one of higher priority, and was disrupted', async () => {
    await kubectl('create', 'priorityclass', `${platform.namespace}-high`, '--value=1000')
    const gpu = { resources: { limits: { 'nvidia.com/gpu': 1 } } }
    await start(gpu)
    await platform.waitForJob(isRunning)
    const important = { ...gpu, priorityClassName: `${platform.namespace}-high` }
    await platform.jobs.create(platform.aRequest('study-0-r1-a1', platform.other, important))
    expect(await platform.waitForJob(hasFailed)).toMatchObject({
      cause: 'Disrupted',
      message: expect.stringContaining('PreemptionByScheduler'),
    })
    await kubectl('delete', 'priorityclass', `${platform.namespace}-high`)
  })

  it('gets the ConfigMap of the first attempt, which is recreated when it is deleted', async () => {
    await start()
    const read = async () => JSON.parse(await kubectl('get', 'configmap/study-0-r0', '-o=json'))
    const before = await read()
    expect(before).toMatchObject({ immutable: true, metadata: { ownerReferences: [{}] } })
    await kubectl('delete', 'configmap/study-0-r0')
    await platform.jobs.create({ ...platform.aRequest('study-0-r0-a2', platform.mine), attempt: 2 })
    expect((await read()).data).toEqual(before.data)
  })
})

describe('a node of a real cluster that is lost', () => {
  it('keeps its pods, which may still train, until it is marked out of service', async () => {
    const nodes = await openJobFixture(testbed, 'lost-node', 2)
    const platform = await nodes.openPlatform()
    await platform.jobs.create(platform.aRequest('study-0-r0-a1', platform.mine))
    await platform.waitForJob(({ state }) => state === 'Running')
    const node = await testbed.kubectl.ok([
      ...['get', 'pods', '-n', platform.namespace],
      '-o=jsonpath={.items[0].spec.nodeName}',
    ])
    nodes.kubelet.stopHeartbeat(node)
    const deleted = 'jsonpath={.items[0].metadata.deletionTimestamp}'
    await testbed.kubectl.ok([
      ...['wait', 'pods', '--all', '-n', platform.namespace, '--timeout=60s'],
      '--for=jsonpath={.status.conditions[?(@.type=="DisruptionTarget")].status}=True',
    ])
    const [silent] = await platform.jobs.listOwnedBy(platform.mine.uid)
    expect(silent?.state).toBe('Running')
    expect(
      await testbed.kubectl.ok(['get', 'pods', '-n', platform.namespace, `-o=${deleted}`]),
    ).not.toBe('')
    await testbed.kubectl.ok(['delete', 'node', node])
    const lost = await platform.waitForJob(({ state }) => state === 'Failed')
    expect(lost.cause).toBe('Disrupted')
    await platform.close()
    await nodes.close()
  })
})

describe('prerequisites on a real cluster', () => {
  const api = () => {
    const kubeConfig = new KubeConfig()
    kubeConfig.loadFromFile(testbed.kubeconfig('admin'))
    return createApiClient({ endpoint: createApiEndpoint(kubeConfig), clock: systemClock })
  }
  const data = { kind: 'Scenes', count: 8 } as const

  it('are checked against claims and queues', async () => {
    const namespace = await testbed.newNamespace('prerequisites')
    const client = api()
    const claim = { claim: 'neco-storage' }
    const defaults = { image: 'neco/held:1', storage: claim }
    const blockers = (spec: object, parallelism = 1) =>
      createKubernetesPrerequisites({ api: client, clock: systemClock, defaults })
        .findBlockers({ namespace, spec: { data, ...spec }, parallelism })
        .then((found) => found.map(({ reason }) => reason))
    expect(await blockers({})).toEqual(['StorageNotFound'])
    const access = { accessModes: ['ReadWriteOnce'], storageClassName: '' }
    const unbound = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { namespace, name: 'unbound' },
      spec: { ...access, resources: { requests: { storage: '1Gi' } } },
    }
    await testbed.kubectl.ok(['apply', '-f', '-'], { input: JSON.stringify(unbound) })
    expect(await blockers({ storage: { claim: 'unbound' } })).toEqual(['StorageNotBound'])
    const path = testbed.path(`${namespace}-storage`)
    await makeLocalClaim(testbed.kubectl, {
      namespace,
      name: claim.claim,
      path,
      accessMode: 'ReadWriteOnce',
    })
    expect(await blockers({})).toEqual([])
    expect(await blockers({}, 2)).toEqual(['StorageNotShared'])
    expect(await blockers({ queueName: 'nowhere' })).toEqual(['QueueNotFound'])
    client.close()
  })
})

describe('the Secret of an attempt on a real cluster', () => {
  it('is created before its Job, replaces a stale one, and is deleted with the Job', async () => {
    const credentials = async () => ({ text: 'a secret', expiresMs: 0 })
    const platform = await fixture.openPlatform({ servers: ['tls://nats.test:4222'], credentials })
    const name = 'study-0-r0-a1'
    const kubectl = (...args: readonly string[]) =>
      testbed.kubectl.ok([...args, '-n', platform.namespace])
    await kubectl('create', 'secret', 'generic', name, '--from-literal=nats.creds=old')
    await platform.jobs.create(platform.aRequest(name, platform.mine))
    const text = await kubectl('get', `secret/${name}`, '-o=jsonpath={.data.nats\\.creds}')
    expect(Buffer.from(text, 'base64').toString()).toBe('a secret')
    await platform.waitForJob(({ state }) => state === 'Running')
    await platform.jobs.delete({ namespace: platform.namespace, name })
    expect(await kubectl('get', 'secrets', '-o=name')).toBe('')
    await platform.close()
  })

  it('is not created where a foreign Job has the name: that is a name conflict', async () => {
    const platform = await fixture.openPlatform()
    const args = ['create', 'job', 'study-0-r0-a1', '--image=busybox', '-n', platform.namespace]
    await testbed.kubectl.ok(args)
    const made = platform.jobs.create(platform.aRequest('study-0-r0-a1', platform.mine))
    await expect(made).rejects.toMatchObject({ code: 'NameConflict' })
    await platform.close()
  })
})
