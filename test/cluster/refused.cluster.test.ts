import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Condition } from '../../crds/condition.ts'
import type { NeCoRun } from '../../crds/necorun.ts'
import { findCondition } from '../../operator/core/conditions.ts'
import { makeLocalClaim } from './bed/local-claim.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { waitUntil } from './bed/wait-until.ts'
import { goModule } from './chart/go-module.ts'
import { type Kubelet, startKubelet } from './kubelet/kubelet.ts'
import { scriptedExecutor } from './kubelet/scripted-executor.ts'
import { systemClock } from './kubelet/system-clock.ts'
import { brokenManifest, REFUSED_BY_OPERATOR } from './rules/broken-manifests.ts'
import { CLAIM, openStudyGround, type StudyGround, TRAINER_IMAGE } from './study-ground.ts'

const KUEUE = 'sigs.k8s.io/kueue@v0.17.0'
const LOCAL_QUEUES = 'config/components/crd/bases/kueue.x-k8s.io_localqueues.yaml'

const bed = sharedBed()
/** Enough for one run of each of these studies, and not for the one that wants more than any node has. */
const FEW_GPUS = 8
const MANY_GPUS = 16
/** Pods run until they are stopped. */
const held = scriptedExecutor({ clock: systemClock, script: () => ({ exitCode: 0 }) })

let ground: StudyGround
/** The node that comes later. */
let large: Kubelet | undefined
beforeAll(async () => {
  const [repository, tag] = TRAINER_IMAGE.split(':')
  const limits = { 'nvidia.com/gpu': 1 }
  ground = await openStudyGround(bed, {
    name: 'refused',
    executor: held,
    nodes: 1,
    gpusPerNode: FEW_GPUS,
    // Without a claim: a study that names none has none.
    values: { defaults: { image: { repository, tag }, resources: { limits } } },
  })
})
afterAll(async () => {
  await large?.close()
  await ground?.close()
})

type Kind = 'necosweep' | 'necorun'

const kubectl = (...words: readonly string[]): Promise<string> =>
  bed.kubectl.ok([...words, '-n', ground.namespace])

async function objectOf(kind: Kind, name: string): Promise<NeCoRun> {
  return JSON.parse(await kubectl('get', kind, name, '-o', 'json'))
}

const conditionIn = ({ status }: NeCoRun, type: 'Accepted' | 'Ready'): Condition | undefined =>
  findCondition(status?.conditions, type)

/** Waits for a condition of an object to be as it should. */
const until = (kind: Kind, name: string, holds: (object: NeCoRun) => boolean): Promise<NeCoRun> =>
  waitUntil({
    what: `${kind} ${name} to be as it should`,
    withinMs: 120_000,
    look: async () => {
      const object = await objectOf(kind, name)
      return holds(object) ? object : undefined
    },
  })

/** Waits until the operator refuses an object for a reason, and gives what it says. */
async function refusal(kind: Kind, name: string, reason: string): Promise<string> {
  const object = await until(kind, name, (seen) => {
    const accepted = conditionIn(seen, 'Accepted')
    return accepted?.status === 'False' && accepted.reason === reason
  })
  expect(object.status?.observedGeneration).toBe(1)
  return conditionIn(object, 'Accepted')?.message ?? ''
}

/** What belongs to studies in the namespace, but for the objects that were applied. */
async function children(of: string): Promise<string[]> {
  const names = await kubectl('get', 'necoruns,jobs,pods,configmaps,secrets', '-o', 'name')
  return names.split('\n').filter((name) => name.includes(`/${of}`))
}

describe('what the API server cannot check the operator refuses', () => {
  const cases = REFUSED_BY_OPERATOR.map((broken, index) => ({ ...broken, name: `broken-${index}` }))

  test.each(cases)('$mistake', async ({ name, ...broken }) => {
    const manifest = brokenManifest(broken)
    await ground.apply({ ...manifest, metadata: { name } })
    const kind = broken.of === 'run.yaml' ? 'necorun' : 'necosweep'
    const message = await refusal(kind, name, 'NotAccepted')
    expect(message).toContain(broken.says)
    const event = await waitUntil({
      what: `event about ${name}`,
      withinMs: 60_000,
      look: async () => {
        const about = `--field-selector=involvedObject.name=${name}`
        const text = await kubectl('get', 'events', about, '-o', 'jsonpath={.items[*].message}')
        return text === '' ? undefined : text
      },
    })
    expect(event).toContain(broken.says)
    const applied = kind === 'necorun' ? [`necorun.neco.dev/${name}`] : []
    expect(await children(name)).toEqual(applied)
  })

  test('and by the audit log it has made nothing of any of them', async () => {
    const lines = (await readFile(bed.auditLog, 'utf8')).split('\n').filter((line) => line !== '')
    const made = lines
      .map((line) => JSON.parse(line))
      .filter(({ user, verb, objectRef }) => {
        const isOurs = user.username === ground.operatorUser && verb === 'create'
        return isOurs && objectRef?.namespace === ground.namespace
      })
      .map(({ objectRef }) => objectRef.resource)
    expect(made.filter((resource) => resource !== 'events')).toEqual([])
    expect(made).toContain('events')
  })
})

const storage = (claim: string) => ({ storage: { claim } })
const template = { data: { kind: 'Scenes', count: 4 }, ...storage(CLAIM) }

/** A sweep of two short runs. */
const aSweep = (name: string, run: object = {}, spec: object = {}) => ({
  apiVersion: 'neco.dev/v1alpha1',
  kind: 'NeCoSweep',
  metadata: { name },
  spec: {
    axes: [{ parameter: 'loss.studentSteepness', values: [10, 100] }],
    run: { ...template, ...run },
    ...spec,
  },
})

async function refused(sweep: ReturnType<typeof aSweep>, reason: string): Promise<string> {
  const { name } = sweep.metadata
  await ground.apply(sweep)
  const message = await refusal('necosweep', name, reason)
  expect(await children(name)).toEqual([])
  return message
}

/** Waits until the first run of a sweep has a pod that runs. */
const running = (name: string): Promise<NeCoRun> =>
  until('necorun', `${name}-0-r0`, (run) => conditionIn(run, 'Ready')?.reason === 'Running')

const claimOf = (name: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name },
  spec: {
    accessModes: ['ReadWriteMany'],
    storageClassName: '',
    resources: { requests: { storage: '1Gi' } },
  },
})

describe.concurrent('surroundings that are not ready are named, and a study goes on when they are', () => {
  test('no claim, neither of the study nor of the operator', async () => {
    const unset =
      'neither the run nor the operator names a PersistentVolumeClaim: set storage.claim, or defaults.storage.claim'
    const sweep = aSweep('homeless', { storage: undefined })
    expect(await refused(sweep, 'StorageNotConfigured')).toBe(`spec.run.storage.claim: ${unset}`)
    const run = { apiVersion: sweep.apiVersion, kind: 'NeCoRun', spec: sweep.spec.run }
    await ground.apply({ ...run, metadata: { name: 'roofless' } })
    const message = await refusal('necorun', 'roofless', 'StorageNotConfigured')
    expect(message).toBe(`spec.storage.claim: ${unset}`)
    expect(await children('roofless')).toEqual(['necorun.neco.dev/roofless'])
    await ground.apply({ ...run, metadata: { name: 'housed' }, spec: template })
    await until('necorun', 'housed', (seen) => conditionIn(seen, 'Ready')?.reason === 'Running')
  })

  test('a claim that is not there', async () => {
    const message = await refused(aSweep('nowhere', storage('later')), 'StorageNotFound')
    expect(message).toBe(
      `spec.run.storage.claim: there is no PersistentVolumeClaim ${ground.namespace}/later: create it, or name another one`,
    )
    const { namespace } = ground
    await makeLocalClaim(bed.kubectl, { namespace, name: 'later', path: bed.path('later') })
    await running('nowhere')
  })

  test('a claim that is not bound', async () => {
    await ground.apply(claimOf('unbound'))
    const message = await refused(aSweep('waiting', storage('unbound')), 'StorageNotBound')
    expect(message).toBe(
      `spec.run.storage.claim: PersistentVolumeClaim ${ground.namespace}/unbound is not bound: it has no storage class; create a PersistentVolume that fits it`,
    )
    const { namespace } = ground
    await kubectl('delete', 'pvc', 'unbound')
    await makeLocalClaim(bed.kubectl, { namespace, name: 'unbound', path: bed.path('unbound') })
    await running('waiting')
  })

  test('a claim of one node where two runs want it', async () => {
    const { namespace } = ground
    const accessMode = 'ReadWriteOnce'
    const path = bed.path('once')
    await makeLocalClaim(bed.kubectl, { namespace, name: 'once', path, accessMode })
    const pair = aSweep('pair', storage('once'), { parallelism: 2 })
    expect(await refused(pair, 'StorageNotShared')).toBe(
      `spec.run.storage.claim: PersistentVolumeClaim ${namespace}/once is ReadWriteOnce and parallelism is 2: use a claim that is ReadWriteMany, or set parallelism to 1`,
    )
    await kubectl('scale', 'necosweep', 'pair', '--replicas=1')
    await running('pair')
  })

  test('an image that does not exist, until the deadline of pulls', async () => {
    const pod = { image: 'registry.test/nothing:1' }
    const retries = { infrastructure: 0 }
    await ground.apply(aSweep('imageless', { pod, retries, deadlines: { pullSeconds: 10 } }))
    const run = await until('necorun', 'imageless-0-r0', (seen) => {
      return conditionIn(seen, 'Ready')?.reason === 'ImagePullBackOff'
    })
    const cause = 'failed to pull and unpack image "registry.test/nothing:1": not found'
    expect(conditionIn(run, 'Ready')?.message).toBe(`training: ${cause}`)
    const failed = await until('necorun', 'imageless-0-r0', (seen) => {
      return conditionIn(seen, 'Ready')?.reason === 'Deadline'
    })
    expect(conditionIn(failed, 'Ready')?.message).toBe(
      `training: deadlines.pullSeconds has passed: ${cause}`,
    )
  })

  test('more GPUs than any node has', async () => {
    const pod = { resources: { limits: { 'nvidia.com/gpu': MANY_GPUS } } }
    await ground.apply(aSweep('greedy', { pod }))
    const run = await until('necorun', 'greedy-0-r0', (seen) => {
      return conditionIn(seen, 'Ready')?.reason === 'Unschedulable'
    })
    expect(conditionIn(run, 'Ready')?.message).toMatch(
      /^training: 0\/\d+ nodes are available: .*Insufficient nvidia.com\/gpu/,
    )
    large = await startKubelet({
      api: { url: bed.url, caFile: bed.caFile, token: bed.token('kubelet') },
      nodes: [{ name: `${ground.namespace}-large`, gpus: 2 * MANY_GPUS }],
      images: { [TRAINER_IMAGE]: { root: join(import.meta.dirname, '..', '..') } },
      folder: bed.path(),
      log: () => undefined,
      executor: held,
    })
    await running('greedy')
  })

  test('a queue in a cluster without Kueue, and one that nobody made', async () => {
    const queue = { queueName: 'team' }
    expect(await refused(aSweep('queued', queue), 'QueueNotFound')).toBe(
      'spec.run.queueName: this cluster has no Kueue: install it, or leave queueName out',
    )
    const crd = join(await goModule(KUEUE), LOCAL_QUEUES)
    await bed.kubectl.ok(['apply', '--server-side', '-f', crd])
    try {
      const missing = `spec.run.queueName: there is no LocalQueue ${ground.namespace}/team: create it, or name another one`
      await until('necosweep', 'queued', (seen) => {
        return conditionIn(seen, 'Accepted')?.message === missing
      })
      await ground.apply({
        apiVersion: 'kueue.x-k8s.io/v1beta2',
        kind: 'LocalQueue',
        metadata: { name: 'team' },
        spec: { clusterQueue: 'all' },
      })
      await until('necosweep', 'queued', (seen) => conditionIn(seen, 'Accepted')?.status === 'True')
      const job = await waitUntil({
        what: 'a Job of the queue',
        withinMs: 60_000,
        look: async () => JSON.parse(await kubectl('get', 'job', 'queued-0-r0-a1', '-o', 'json')),
      })
      expect(job.spec.suspend).toBe(true)
      expect(job.metadata.labels['kueue.x-k8s.io/queue-name']).toBe('team')
      expect(await kubectl('get', 'pods', '-l', 'job-name=queued-0-r0-a1', '-o', 'name')).toBe('')
    } finally {
      await bed.kubectl.ok(['delete', '-f', crd])
    }
  })
})

test('a quota that leaves no room for a Job is named, and the study goes on when there is room', async () => {
  await kubectl('create', 'quota', 'tight', '--hard=count/jobs.batch=0')
  const counted = '--for=jsonpath={.status.hard}'
  await kubectl('wait', 'quota/tight', counted, '--timeout=60s')
  await ground.apply(aSweep('rationed'))
  const run = await until('necorun', 'rationed-0-r0', (seen) => {
    return conditionIn(seen, 'Ready')?.reason === 'Forbidden'
  })
  expect(conditionIn(run, 'Ready')?.message).toMatch(/exceeded quota: tight.*; raise the quota, /)
  await kubectl('delete', 'quota', 'tight')
  await running('rationed')
})
