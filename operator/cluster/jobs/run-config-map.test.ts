import { describe, expect, test } from 'vitest'
import {
  buildFrozenPlacement,
  buildNamedEvaluation,
  buildTestJobRequest,
} from '../../../test/fixtures/job-request.ts'
import { buildContainer } from './build-container.ts'
import { findPlacementBlockers, freezePlacement } from './frozen-placement.ts'
import type { JobDefaults } from './job-defaults.ts'
import { buildRunConfigMap, parseFrozenPlacement } from './run-config-map.ts'

const defaults: JobDefaults = {
  image: 'registry.test/neco:1',
  storage: { claim: 'neco-storage' },
  resources: { limits: { 'nvidia.com/gpu': 1 } },
  metricsPort: 9400,
}
describe('the ConfigMap of a run', () => {
  const bus = { servers: ['tls://nats.test:4222'], caCertificate: 'PEM' }
  const request = buildTestJobRequest({
    evaluations: [buildNamedEvaluation('scenes'), buildNamedEvaluation('voc')],
    placement: { pod: { volumes: [{ name: 'coco', claim: 'datasets' }] } },
  })
  const read = (key: string, placement = buildFrozenPlacement()) =>
    JSON.parse(buildRunConfigMap(request, { placement, bus }).data?.[key] ?? '')

  test('cannot be edited, belongs to the run, and holds a run-config for each task', () => {
    const { immutable, metadata, data } = buildRunConfigMap(request, {
      placement: buildFrozenPlacement(),
      bus: undefined,
    })
    expect([immutable, metadata?.name, metadata?.ownerReferences?.[0]?.uid]).toEqual([
      true,
      'study-0-r0',
      'uid-of-the-run',
    ])
    expect(Object.keys(data ?? {})).toEqual([
      'train.json',
      'evaluation-0.json',
      'evaluation-1.json',
      'placement.json',
    ])
  })

  test('tells a pod where it finds things, and not which attempt and pod it is', () => {
    const config = read('evaluation-1.json', buildFrozenPlacement({ metricsPort: 9400 }))
    expect(config.identity).toEqual({ sweep: 'study', run: 'study-0-r0' })
    expect(config.evaluation).toEqual(buildNamedEvaluation('voc'))
    expect(config.execution).toMatchObject({
      storage: '/storage',
      volumes: { '': '/storage', coco: '/volumes/coco' },
      metricsPort: 9400,
      bus: {
        servers: ['tls://nats.test:4222'],
        credentialsFile: '/etc/neco-bus/nats.creds',
        caFile: '/etc/neco-bus/ca.crt',
        namespace: 'team',
        runUid: 'uid-of-the-run',
        task: { kind: 'Evaluation', name: 'voc' },
      },
    })
    expect(config).not.toHaveProperty('evaluations')
    expect(read('train.json')).not.toHaveProperty('evaluation')
  })

  test('tells the trainer all evaluations of the run, which may be there with its result', () => {
    expect(read('train.json').evaluations).toEqual([
      buildNamedEvaluation('scenes'),
      buildNamedEvaluation('voc'),
    ])
  })

  test('leaves the deadlines that may be edited to the environment of each attempt', () => {
    const { execution } = buildTestJobRequest()
    const patient = buildTestJobRequest({ execution: { ...execution, stallSeconds: 60 } })
    const { data } = buildRunConfigMap(patient, { placement: buildFrozenPlacement(), bus })
    expect(JSON.parse(data?.['train.json'] ?? '').execution).not.toHaveProperty('stallSeconds')
    const { env } = buildContainer(patient, buildFrozenPlacement())
    expect(env?.at(-1)).toEqual({ name: 'NECO_STALL_SECONDS', value: '60' })
  })

  test('leaves it to the environment of each attempt whether the training still runs', () => {
    const request = buildTestJobRequest({ program: 'evaluator', isBesideTraining: true })
    const { data } = buildRunConfigMap(request, { placement: buildFrozenPlacement(), bus })
    expect(JSON.stringify(data)).not.toContain('isBesideTraining')
    const { env } = buildContainer(request, buildFrozenPlacement())
    expect(env?.at(-1)).toEqual({ name: 'NECO_BESIDE_TRAINING', value: 'true' })
  })

  test('gives back the placement of its first day', () => {
    const placement = buildFrozenPlacement({
      metricsPort: 1234,
      storage: { claim: 'old', path: 'x' },
    })
    expect(parseFrozenPlacement(buildRunConfigMap(request, { placement, bus }))).toEqual(placement)
    expect(parseFrozenPlacement({ data: { 'placement.json': '{' } })).toBeUndefined()
    expect(parseFrozenPlacement({})).toBeUndefined()
  })
})

describe('a frozen placement', () => {
  const cpu = (amount: number) => ({ requests: { cpu: amount } })
  test('takes the most specific resources, whole', () => {
    const pod = {
      resources: cpu(2),
      containers: [{ name: 'evaluator' as const, resources: cpu(3) }],
    }
    expect(freezePlacement({ pod }, defaults)?.resources).toEqual({
      trainer: cpu(2),
      evaluator: cpu(3),
    })
    expect(freezePlacement({}, defaults)?.resources).toEqual({
      trainer: defaults.resources,
      evaluator: defaults.resources,
    })
    expect(freezePlacement({}, { ...defaults, evaluatorResources: cpu(4) })?.resources).toEqual({
      trainer: defaults.resources,
      evaluator: cpu(4),
    })
  })

  test('takes image, claim and pull secrets of the run before those of the operator', () => {
    const pod = { image: 'mine', containers: [{ name: 'evaluator' as const, image: 'eval' }] }
    expect(freezePlacement({ pod, storage: { claim: 'my-claim' } }, defaults)).toMatchObject({
      images: { trainer: 'mine', evaluator: 'eval' },
      storage: { claim: 'my-claim' },
      imagePullSecrets: [],
      metricsPort: 9400,
    })
  })

  test('is refused without an image and without a claim', () => {
    expect(findPlacementBlockers({}, {}).map(({ reason, path }) => [reason, path])).toEqual([
      ['ImageNotConfigured', 'pod.image'],
      ['StorageNotConfigured', 'storage.claim'],
    ])
    expect(freezePlacement({}, {})).toBeUndefined()
    expect(findPlacementBlockers({}, defaults)).toEqual([])
  })
})
