import { describe, expect, test } from 'vitest'
import {
  buildFrozenPlacement,
  buildNamedEvaluation,
  buildTestJobRequest,
} from '../../../test/fixtures/job-request.ts'
import type { JobRequest } from '../../ports/job-request.ts'
import { buildJobManifest, buildSecretManifest } from './build-job-manifest.ts'

const buildJobPod = (request: JobRequest, placement = buildFrozenPlacement()) =>
  buildJobManifest(request, placement).spec?.template.spec
const buildMainContainer = (request: JobRequest, placement = buildFrozenPlacement()) =>
  buildJobPod(request, placement)?.containers[0]

describe('the Job of an attempt', () => {
  test('is this one, to the last field', () => {
    const request = buildTestJobRequest({
      placement: {
        queueName: 'gpus',
        pod: {
          nodeSelector: { gpu: 'a100' },
          tolerations: [{ key: 'gpu', operator: 'Exists', effect: undefined }],
          priorityClassName: 'low',
          volumes: [
            { name: 'coco', claim: 'datasets', path: 'coco/train' },
            { name: 'voc', image: 'registry.test/voc:2012' },
          ],
          containers: [
            {
              name: 'trainer',
              env: [
                { name: 'LOG', value: 'debug' },
                { name: 'NECO_ATTEMPT', value: '7' },
              ],
            },
          ],
        },
      },
    })
    const placement = buildFrozenPlacement({
      hasBus: true,
      metricsPort: 9400,
      imagePullPolicy: 'Always',
      imagePullSecrets: ['pull'],
      storage: { claim: 'neco-storage', path: 'team' },
      resources: { trainer: { requests: { cpu: 4 }, limits: { 'nvidia.com/gpu': 1 } } },
    })
    const labels = {
      'app.kubernetes.io/name': 'neco',
      'app.kubernetes.io/managed-by': 'neco-operator',
      'app.kubernetes.io/component': 'trainer',
      'neco.dev/run': 'study-0-r0',
      'neco.dev/sweep': 'study',
      'neco.dev/task': 'training',
      'neco.dev/attempt': '1',
    }
    expect(buildJobManifest(request, placement)).toEqual({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name: 'study-0-r0-a1',
        namespace: 'team',
        labels: { ...labels, 'kueue.x-k8s.io/queue-name': 'gpus' },
        ownerReferences: [
          {
            apiVersion: 'neco.dev/v1alpha1',
            kind: 'NeCoRun',
            name: 'study-0-r0',
            uid: 'uid-of-the-run',
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: {
        completions: 1,
        parallelism: 1,
        backoffLimit: 0,
        podReplacementPolicy: 'Failed',
        podFailurePolicy: {
          rules: [
            { action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          ],
        },
        suspend: true,
        template: {
          metadata: { labels },
          spec: {
            restartPolicy: 'Never',
            terminationGracePeriodSeconds: 35,
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            securityContext: {
              runAsNonRoot: true,
              runAsUser: 1000,
              runAsGroup: 1000,
              fsGroup: 1000,
              fsGroupChangePolicy: 'OnRootMismatch',
              seccompProfile: { type: 'RuntimeDefault' },
            },
            imagePullSecrets: [{ name: 'pull' }],
            nodeSelector: { gpu: 'a100' },
            tolerations: [{ key: 'gpu', operator: 'Exists' }],
            priorityClassName: 'low',
            containers: [
              {
                name: 'trainer',
                image: 'registry.test/neco:1',
                imagePullPolicy: 'Always',
                command: ['node', 'trainer/main.ts', '--config', '/etc/neco/train.json'],
                workingDir: '/app',
                env: [
                  { name: 'LOG', value: 'debug' },
                  { name: 'NECO_POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
                  { name: 'NECO_ATTEMPT', value: '1' },
                  { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
                  { name: 'NECO_TERMINATION_FILE', value: '/dev/termination-log' },
                ],
                ports: [{ name: 'metrics', containerPort: 9400, protocol: 'TCP' }],
                resources: { requests: { cpu: '4' }, limits: { 'nvidia.com/gpu': '1' } },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] },
                },
                terminationMessagePath: '/dev/termination-log',
                terminationMessagePolicy: 'FallbackToLogsOnError',
                volumeMounts: [
                  { name: 'run-config', mountPath: '/etc/neco', readOnly: true },
                  { name: 'storage', mountPath: '/storage', subPath: 'team' },
                  { name: 'scratch', mountPath: '/tmp' },
                  { name: 'bus', mountPath: '/etc/neco-bus', readOnly: true },
                  {
                    name: 'volume-0',
                    mountPath: '/volumes/coco',
                    readOnly: true,
                    subPath: 'coco/train',
                  },
                  { name: 'volume-1', mountPath: '/volumes/voc', readOnly: true },
                ],
              },
            ],
            volumes: [
              {
                name: 'run-config',
                configMap: {
                  name: 'study-0-r0',
                  items: [{ key: 'train.json', path: 'train.json' }],
                },
              },
              { name: 'storage', persistentVolumeClaim: { claimName: 'neco-storage' } },
              { name: 'scratch', emptyDir: {} },
              { name: 'bus', secret: { secretName: 'study-0-r0-a1' } },
              { name: 'volume-0', persistentVolumeClaim: { claimName: 'datasets' } },
              { name: 'volume-1', image: { reference: 'registry.test/voc:2012' } },
            ],
          },
        },
      },
    })
  })

  test('without a queue is not suspended, and without a bus has no Secret', () => {
    const job = buildJobManifest(buildTestJobRequest(), buildFrozenPlacement())
    expect([job.spec?.suspend, job.metadata?.labels?.['kueue.x-k8s.io/queue-name']]).toEqual([
      undefined,
      undefined,
    ])
    expect(job.spec?.template.spec?.volumes?.map(({ name }) => name)).toEqual([
      'run-config',
      'storage',
      'scratch',
    ])
  })

  test('of an evaluation runs the evaluator with its own run-config and its own resources alone', () => {
    const request = buildTestJobRequest({
      program: 'evaluator',
      task: { kind: 'Evaluation', name: 'voc' },
      evaluation: buildNamedEvaluation('voc'),
      evaluations: [buildNamedEvaluation('scenes'), buildNamedEvaluation('voc')],
      placement: { resources: { requests: { cpu: '8' } } },
    })
    const resources = { evaluator: { limits: { 'nvidia.com/gpu': 1 } } }
    expect(buildMainContainer(request, buildFrozenPlacement({ resources }))).toMatchObject({
      name: 'evaluator',
      command: ['node', 'evaluator/main.ts', '--config', '/etc/neco/evaluation-1.json'],
      resources: { requests: { cpu: '8' } },
    })
    expect(
      buildMainContainer(request, buildFrozenPlacement({ resources }))?.resources,
    ).not.toHaveProperty('limits')
  })

  const digest = `sha256:${'0'.repeat(64)}`
  test.each([
    [
      'the digest that the first pod reported',
      `registry.test/neco@${digest}`,
      'registry.test/neco:1',
      `registry.test/neco@${digest}`,
    ],
    [
      'the tag where a runtime reports a digest that names no image',
      digest,
      'registry.test/neco:1',
      'registry.test/neco:1',
    ],
    [
      'the image of an evaluator that has one of its own',
      `registry.test/neco@${digest}`,
      'registry.test/eval:1',
      'registry.test/eval:1',
    ],
  ])('takes %s', (...[, imageId, evaluator, expected]) => {
    const request = buildTestJobRequest({ program: 'evaluator', placement: { imageId } })
    const images = { trainer: 'registry.test/neco:1', evaluator }
    expect(buildMainContainer(request, buildFrozenPlacement({ images }))?.image).toBe(expected)
  })

  test('keeps every name within 63 characters for the longest run and evaluation', () => {
    const run = 'r'.repeat(52)
    const request = buildTestJobRequest({
      name: `${run}-e7-a9999`,
      owner: { name: run, uid: 'u' },
      task: { kind: 'Evaluation', name: 'e'.repeat(32) },
      placement: { pod: { volumes: [{ name: 'v'.repeat(63), claim: 'c' }] } },
    })
    const job = buildJobManifest(request, buildFrozenPlacement({ hasBus: true }))
    const names = [
      job.metadata?.name ?? '',
      ...Object.values(job.metadata?.labels ?? {}),
      ...(job.spec?.template.spec?.volumes ?? []).map(({ name }) => name),
    ]
    expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(63)
  })
})

describe('the Secret of an attempt', () => {
  test('is named as its Job, owned by the run, and holds credentials and authority', () => {
    expect(
      buildSecretManifest(buildTestJobRequest(), { credentials: 'JWT', caCertificate: 'PEM' }),
    ).toMatchObject({
      metadata: { name: 'study-0-r0-a1', ownerReferences: [{ kind: 'NeCoRun' }] },
      immutable: true,
      stringData: { 'nats.creds': 'JWT', 'ca.crt': 'PEM' },
    })
  })
})
