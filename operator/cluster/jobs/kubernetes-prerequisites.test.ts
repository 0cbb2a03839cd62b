import { describe, expect, test } from 'vitest'
import type { RunSpec } from '../../../crds/spec/run-spec.ts'
import type { ApiClient } from '../../../kube/client/api-client.ts'
import { ApiError } from '../../../kube/client/api-error.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { createManualClock } from '../../../test/fakes/manual-clock.ts'
import type { ClaimView } from './claim-blockers.ts'
import type { JobDefaults } from './job-defaults.ts'
import { createKubernetesPrerequisites } from './kubernetes-prerequisites.ts'

/**
 * An API server that holds these objects by path; a number stands for an answer with that status.
 */
function startServerWith(objects: Readonly<Record<string, object | number>>) {
  const asked: string[] = []
  const api: ApiClient = {
    request: async ({ method, path }) => {
      asked.push(`${method} ${path}`)
      const found = objects[path] ?? 404
      if (typeof found !== 'number') return found
      throw new ApiError({ status: found, reason: '', message: path })
    },
    stream: () => {
      throw new Error('nothing is watched')
    },
    close: () => {},
  }
  return { api, asked }
}

const CLAIM = '/api/v1/namespaces/team/persistentvolumeclaims/neco-storage'
const bound: ClaimView = { status: { phase: 'Bound', accessModes: ['ReadWriteMany'] } }
const once: ClaimView = { status: { phase: 'Bound', accessModes: ['ReadWriteOnce'] } }
const pending = (storageClassName?: string): ClaimView => ({
  spec: {
    accessModes: ['ReadWriteMany'],
    ...omitUndefined({ storageClassName }),
  },
  status: { phase: 'Pending' },
})
const binding = (mode: string) => ({
  '/apis/storage.k8s.io/v1/storageclasses/fast': { volumeBindingMode: mode },
})

const DEFAULTS: JobDefaults = {
  image: 'registry.test/neco:1',
  storage: { claim: 'neco-storage' },
}
interface Case {
  readonly objects: Readonly<Record<string, object | number>>
  readonly spec?: Partial<RunSpec>
  readonly parallelism?: number
  readonly defaults?: JobDefaults
}
const data: RunSpec['data'] = { kind: 'Scenes', count: 8 }
const findBlockers = ({ objects, spec = {}, parallelism = 1, defaults = DEFAULTS }: Case) =>
  createKubernetesPrerequisites({
    api: startServerWith(objects).api,
    clock: createManualClock(),
    defaults,
  }).findBlockers({ namespace: 'team', spec: { data, ...spec }, parallelism })

const KUEUE = '/apis/kueue.x-k8s.io'
const kueue = { [KUEUE]: { preferredVersion: { groupVersion: 'kueue.x-k8s.io/v1beta2' } } }
const queue = `${KUEUE}/v1beta2/namespaces/team/localqueues/gpus`

describe('what is in the way of a run', () => {
  test.each<[string, Case]>([
    ['a bound claim that many can use', { objects: { [CLAIM]: bound }, parallelism: 8 }],
    ['a claim for one node and one run at a time', { objects: { [CLAIM]: once } }],
    [
      'evaluators beside the training, and a claim that many can use',
      { objects: { [CLAIM]: bound }, spec: { evaluationParallelism: 2 } },
    ],
    [
      'a claim that waits for its first pod',
      { objects: { [CLAIM]: pending('fast'), ...binding('WaitForFirstConsumer') } },
    ],
    [
      'a claim whose class the operator may not read',
      { objects: { [CLAIM]: pending('fast'), '/apis/storage.k8s.io/v1/storageclasses/fast': 403 } },
    ],
    [
      'a queue that is there',
      { objects: { [CLAIM]: bound, ...kueue, [queue]: {} }, spec: { queueName: 'gpus' } },
    ],
  ])('is nothing with %s', async (_what, given) => {
    expect(await findBlockers(given)).toEqual([])
  })

  test.each<[string, string, Case]>([
    [
      'StorageNotConfigured at storage.claim',
      'set storage.claim, or defaults.storage.claim',
      { objects: {}, defaults: { image: 'i' } },
    ],
    [
      'ImageNotConfigured at pod.image',
      'set pod.image, or defaults.image',
      { objects: { [CLAIM]: bound }, defaults: { storage: { claim: 'neco-storage' } } },
    ],
    [
      'StorageNotFound at storage.claim',
      'there is no PersistentVolumeClaim team/neco-storage: create it',
      { objects: {} },
    ],
    [
      'StorageNotBound at storage.claim',
      'no storage class; create a PersistentVolume',
      { objects: { [CLAIM]: pending() } },
    ],
    [
      'StorageNotBound at storage.claim',
      'its storage class fast should have made a volume; see kubectl describe pvc neco-storage',
      { objects: { [CLAIM]: pending('fast'), ...binding('Immediate') } },
    ],
    [
      'StorageNotBound at storage.claim',
      'its PersistentVolume is lost',
      { objects: { [CLAIM]: { ...bound, status: { ...bound.status, phase: 'Lost' } } } },
    ],
    [
      'StorageNotShared at storage.claim',
      'is ReadWriteOnce and parallelism is 2: use a claim that is ReadWriteMany, or set parallelism to 1',
      { objects: { [CLAIM]: once }, parallelism: 2 },
    ],
    [
      'StorageNotShared at storage.claim',
      'is ReadWriteOnce and evaluationParallelism is 1: use a claim that is ReadWriteMany, or set evaluationParallelism to 0',
      { objects: { [CLAIM]: once }, spec: { evaluationParallelism: 1 } },
    ],
    [
      'StorageNotWritable at storage.claim',
      'is ReadOnlyMany: runs write to their storage',
      { objects: { [CLAIM]: { status: { phase: 'Bound', accessModes: ['ReadOnlyMany'] } } } },
    ],
    [
      'VolumeNotFound at pod.volumes[0].claim',
      'there is no PersistentVolumeClaim team/coco',
      {
        objects: { [CLAIM]: bound },
        spec: { pod: { volumes: [{ name: 'coco', claim: 'coco' }] } },
      },
    ],
    [
      'VolumeNotFound at data.volume',
      'pod.volumes has no volume coco: add it there',
      {
        objects: { [CLAIM]: bound },
        spec: { data: { kind: 'ImageFolder', volume: 'coco', path: 'train' } },
      },
    ],
    [
      'QueueNotFound at queueName',
      'this cluster has no Kueue',
      { objects: { [CLAIM]: bound }, spec: { queueName: 'gpus' } },
    ],
    [
      'QueueNotFound at queueName',
      'there is no LocalQueue team/gpus: create it',
      { objects: { [CLAIM]: bound, ...kueue }, spec: { queueName: 'gpus' } },
    ],
  ])('is %s: %s', async (where, what, given) => {
    const found = await findBlockers(given)
    expect(found.map(({ reason, path }) => `${reason} at ${path}`)).toEqual([where])
    expect(found[0]?.message).toContain(what)
  })

  test('is asked for once in a while by however many runs, and again after a failure', async () => {
    const objects: Record<string, object | number> = { [CLAIM]: 503 }
    const { api, asked } = startServerWith(objects)
    const clock = createManualClock()
    const prerequisites = createKubernetesPrerequisites({ api, clock, defaults: DEFAULTS })
    const query = { namespace: 'team', spec: { data }, parallelism: 1 }
    await expect(prerequisites.findBlockers(query)).rejects.toMatchObject({ code: 'Unavailable' })
    objects[CLAIM] = bound
    await Promise.all([1, 2, 3].map(() => prerequisites.findBlockers(query)))
    expect(asked).toHaveLength(2)
    clock.advance(5_000)
    await prerequisites.findBlockers(query)
    expect(asked).toHaveLength(3)
  })
})

test.each<[number, string, Case]>([
  [1, 'is shared', { objects: { [CLAIM]: bound } }],
  [0, 'is for one node', { objects: { [CLAIM]: once } }],
  [0, 'is not there', { objects: {} }],
])(
  'a run that says nothing has %i evaluators beside its training where the claim %s',
  async (expected, _what, { objects }) => {
    const { api } = startServerWith(objects)
    const prerequisites = createKubernetesPrerequisites({
      api,
      clock: createManualClock(),
      defaults: DEFAULTS,
    })
    const query = { namespace: 'team', spec: { data }, parallelism: 1 }
    expect(await prerequisites.findEvaluationParallelism(query)).toBe(expected)
  },
)
