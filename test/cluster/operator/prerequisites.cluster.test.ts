import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NeCoRun } from '../../../crds/necorun.ts'
import { findGoModuleFolder } from '../chart/go-module.ts'
import { type Kubelet, startKubelet } from '../kubelet/kubelet.ts'
import { CLAIM, TRAINER_IMAGE } from '../sweeps/study-fixture.ts'
import { makeLocalClaim } from '../testbed/local-claim.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import {
  type AcceptanceFixture,
  endlessPods,
  openAcceptanceFixture,
  selectCondition,
} from './acceptance-fixture.ts'

const KUEUE = 'sigs.k8s.io/kueue@v0.17.0'
const LOCAL_QUEUES = 'config/components/crd/bases/kueue.x-k8s.io_localqueues.yaml'

const testbed = sharedTestbed()
/** Enough for one run of each study, and too few for the one that wants more than any node has. */
const FEW_GPUS = 8
const MANY_GPUS = 16

let fixture: AcceptanceFixture
/** The node that comes later. */
let large: Kubelet | undefined
beforeAll(async () => {
  fixture = await openAcceptanceFixture(testbed, { name: 'prerequisites', gpusPerNode: FEW_GPUS })
})
afterAll(async () => {
  await large?.close()
  await fixture?.close()
})

const storage = (claim: string) => ({ storage: { claim } })
const template = { data: { kind: 'Scenes', count: 4 }, ...storage(CLAIM) }

/** A sweep of two short runs. */
const buildSweep = (name: string, run: object = {}, spec: object = {}) => ({
  apiVersion: 'neco.dev/v1alpha1',
  kind: 'NeCoSweep',
  metadata: { name },
  spec: {
    axes: [{ parameter: 'loss.studentSteepness', values: [10, 100] }],
    run: { ...template, ...run },
    ...spec,
  },
})

async function applyRefused(sweep: ReturnType<typeof buildSweep>, reason: string): Promise<string> {
  const { name } = sweep.metadata
  await fixture.apply(sweep)
  const message = await fixture.waitForRefusal('necosweep', name, reason)
  expect(await fixture.listChildren(name)).toEqual([])
  return message
}

/** Waits until the first run of a sweep has a pod that runs. */
const waitForPod = (name: string): Promise<NeCoRun> =>
  fixture.waitForObject(
    'necorun',
    `${name}-0-r0`,
    (run) => selectCondition(run, 'Ready')?.reason === 'Running',
  )

const buildVolumeClaim = (name: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name },
  spec: {
    accessModes: ['ReadWriteMany'],
    storageClassName: '',
    resources: { requests: { storage: '1Gi' } },
  },
})

describe.concurrent('a study names the prerequisite that is missing, and continues when it is there', () => {
  test('no claim in the study nor in the operator', async () => {
    const unset =
      'neither the run nor the operator names a PersistentVolumeClaim: set storage.claim, or defaults.storage.claim'
    const sweep = buildSweep('unclaimed', { storage: undefined })
    expect(await applyRefused(sweep, 'StorageNotConfigured')).toBe(
      `spec.run.storage.claim: ${unset}`,
    )
    const run = { apiVersion: sweep.apiVersion, kind: 'NeCoRun', spec: sweep.spec.run }
    await fixture.apply({ ...run, metadata: { name: 'unclaimed-run' } })
    const message = await fixture.waitForRefusal('necorun', 'unclaimed-run', 'StorageNotConfigured')
    expect(message).toBe(`spec.storage.claim: ${unset}`)
    expect(await fixture.listChildren('unclaimed-run')).toEqual(['necorun.neco.dev/unclaimed-run'])
    await fixture.apply({ ...run, metadata: { name: 'claimed-run' }, spec: template })
    await fixture.waitForObject(
      'necorun',
      'claimed-run',
      (seen) => selectCondition(seen, 'Ready')?.reason === 'Running',
    )
  })

  test('a claim that does not exist', async () => {
    const message = await applyRefused(
      buildSweep('claim-later', storage('later')),
      'StorageNotFound',
    )
    expect(message).toBe(
      `spec.run.storage.claim: there is no PersistentVolumeClaim ${fixture.namespace}/later: create it, or name another one`,
    )
    const { namespace } = fixture
    await makeLocalClaim(testbed.kubectl, { namespace, name: 'later', path: testbed.path('later') })
    await waitForPod('claim-later')
  })

  test('a claim that is not bound', async () => {
    await fixture.apply(buildVolumeClaim('unbound'))
    const message = await applyRefused(buildSweep('waiting', storage('unbound')), 'StorageNotBound')
    expect(message).toBe(
      `spec.run.storage.claim: PersistentVolumeClaim ${fixture.namespace}/unbound is not bound: it has no storage class; create a PersistentVolume that fits it`,
    )
    const { namespace } = fixture
    await fixture.kubectl('delete', 'pvc', 'unbound')
    await makeLocalClaim(testbed.kubectl, {
      namespace,
      name: 'unbound',
      path: testbed.path('unbound'),
    })
    await waitForPod('waiting')
  })

  test('a ReadWriteOnce claim for two runs', async () => {
    const { namespace } = fixture
    const accessMode = 'ReadWriteOnce'
    const path = testbed.path('once')
    await makeLocalClaim(testbed.kubectl, { namespace, name: 'once', path, accessMode })
    const pair = buildSweep('pair', storage('once'), { parallelism: 2 })
    expect(await applyRefused(pair, 'StorageNotShared')).toBe(
      `spec.run.storage.claim: PersistentVolumeClaim ${namespace}/once is ReadWriteOnce and parallelism is 2: use a claim that is ReadWriteMany, or set parallelism to 1`,
    )
    await fixture.kubectl('scale', 'necosweep', 'pair', '--replicas=1')
    await waitForPod('pair')
  })

  test('an image that does not exist, up to the pull deadline', async () => {
    const pod = { image: 'registry.test/nothing:1' }
    const retries = { infrastructure: 0 }
    await fixture.apply(buildSweep('imageless', { pod, retries, deadlines: { pullSeconds: 10 } }))
    const run = await fixture.waitForObject('necorun', 'imageless-0-r0', (seen) => {
      return selectCondition(seen, 'Ready')?.reason === 'ImagePullBackOff'
    })
    const cause = 'failed to pull and unpack image "registry.test/nothing:1": not found'
    expect(selectCondition(run, 'Ready')?.message).toBe(`training: ${cause}`)
    const failed = await fixture.waitForObject('necorun', 'imageless-0-r0', (seen) => {
      return selectCondition(seen, 'Ready')?.reason === 'Deadline'
    })
    expect(selectCondition(failed, 'Ready')?.message).toBe(
      `training: deadlines.pullSeconds has passed: ${cause}`,
    )
  })

  test('more GPUs than any node has', async () => {
    const pod = { resources: { limits: { 'nvidia.com/gpu': MANY_GPUS } } }
    await fixture.apply(buildSweep('greedy', { pod }))
    const run = await fixture.waitForObject('necorun', 'greedy-0-r0', (seen) => {
      return selectCondition(seen, 'Ready')?.reason === 'Unschedulable'
    })
    expect(selectCondition(run, 'Ready')?.message).toMatch(
      /^training: 0\/\d+ nodes are available: .*Insufficient nvidia.com\/gpu/,
    )
    large = await startKubelet({
      api: { url: testbed.url, caFile: testbed.caFile, token: testbed.token('kubelet') },
      nodes: [{ name: `${fixture.namespace}-large`, gpus: 2 * MANY_GPUS }],
      images: { [TRAINER_IMAGE]: { root: join(import.meta.dirname, '..', '..', '..') } },
      folder: testbed.path(),
      log: () => undefined,
      executor: endlessPods,
    })
    await waitForPod('greedy')
  })

  test('a queue in a cluster without Kueue, and one that does not exist', async () => {
    const queue = { queueName: 'team' }
    expect(await applyRefused(buildSweep('queued', queue), 'QueueNotFound')).toBe(
      'spec.run.queueName: this cluster has no Kueue: install it, or leave queueName out',
    )
    const crd = join(await findGoModuleFolder(KUEUE), LOCAL_QUEUES)
    await testbed.kubectl.ok(['apply', '--server-side', '-f', crd])
    try {
      const missing = `spec.run.queueName: there is no LocalQueue ${fixture.namespace}/team: create it, or name another one`
      await fixture.waitForObject('necosweep', 'queued', (seen) => {
        return selectCondition(seen, 'Accepted')?.message === missing
      })
      await fixture.apply({
        apiVersion: 'kueue.x-k8s.io/v1beta2',
        kind: 'LocalQueue',
        metadata: { name: 'team' },
        spec: { clusterQueue: 'all' },
      })
      await fixture.waitForObject(
        'necosweep',
        'queued',
        (seen) => selectCondition(seen, 'Accepted')?.status === 'True',
      )
      const job = await waitUntil({
        what: 'a Job of the queue',
        withinMs: 60_000,
        look: async () =>
          JSON.parse(await fixture.kubectl('get', 'job', 'queued-0-r0-a1', '-o', 'json')),
      })
      expect(job.spec.suspend).toBe(true)
      expect(job.metadata.labels['kueue.x-k8s.io/queue-name']).toBe('team')
      expect(
        await fixture.kubectl('get', 'pods', '-l', 'job-name=queued-0-r0-a1', '-o', 'name'),
      ).toBe('')
    } finally {
      await testbed.kubectl.ok(['delete', '-f', crd])
    }
  })
})

test('a quota that leaves no room for a Job is named, and the study continues when it is raised', async () => {
  await fixture.kubectl('create', 'quota', 'tight', '--hard=count/jobs.batch=0')
  const counted = '--for=jsonpath={.status.hard}'
  await fixture.kubectl('wait', 'quota/tight', counted, '--timeout=60s')
  await fixture.apply(buildSweep('over-quota'))
  const run = await fixture.waitForObject('necorun', 'over-quota-0-r0', (seen) => {
    return selectCondition(seen, 'Ready')?.reason === 'Forbidden'
  })
  expect(selectCondition(run, 'Ready')?.message).toMatch(
    /exceeded quota: tight.*; raise the quota, /,
  )
  await fixture.kubectl('delete', 'quota', 'tight')
  await waitForPod('over-quota')
})
