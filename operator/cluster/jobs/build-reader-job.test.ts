import { describe, expect, test } from 'vitest'
import { ReaderConfig } from '../../../contract/bus-messages.ts'
import { buildFrozenPlacement } from '../../../test/fixtures/job-request.ts'
import type { ReaderRequest } from '../../ports/job-request.ts'
import { buildReaderJob, buildReaderSecret } from './build-reader-job.ts'

const request: ReaderRequest = {
  name: 'study-0-r0-reader-1',
  namespace: 'team',
  owner: { name: 'study-0-r0', uid: 'uid-of-the-run' },
  runKeys: ['key'],
  placement: { pod: { nodeSelector: { pool: 'cpu' } } },
}
const bus = { servers: ['tls://nats.test:4222'], caCertificate: 'PEM' }
const placement = buildFrozenPlacement({
  storage: { claim: 'studies', path: 'neco' },
  resources: { trainer: { limits: { 'nvidia.com/gpu': 1 } } },
})

describe('the Job of a reader', () => {
  const { metadata, spec } = buildReaderJob(request, placement)
  const pod = spec?.template.spec

  test('is owned by the run, runs once, and is seen with the other Jobs of the run', () => {
    expect(metadata?.ownerReferences).toMatchObject([{ uid: 'uid-of-the-run', controller: true }])
    expect(metadata?.labels).toMatchObject({
      'app.kubernetes.io/managed-by': 'neco-operator',
      'app.kubernetes.io/component': 'reader',
      'neco.dev/run': 'study-0-r0',
    })
    expect(spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 600 })
  })

  test('runs where the run may run, on its storage, with its image and without its GPUs', () => {
    const [container] = pod?.containers ?? []
    expect(pod?.nodeSelector).toEqual({ pool: 'cpu' })
    expect(container?.image).toBe(placement.images.evaluator)
    expect(container?.resources).toEqual({ requests: { cpu: '100m', memory: '256Mi' } })
    expect(container?.volumeMounts?.[0]).toEqual({
      name: 'storage',
      mountPath: '/storage',
      subPath: 'neco',
    })
    expect(pod?.automountServiceAccountToken).toBe(false)
  })

  test('finds its configuration and its credentials where its Secret is mounted', () => {
    const { stringData = {}, metadata: named } = buildReaderSecret(request, {
      bus,
      credentials: 'a secret',
    })
    const config = ReaderConfig.parse(JSON.parse(stringData['reader.json'] ?? ''))
    expect(config).toEqual({
      schemaVersion: 1,
      storage: '/storage',
      runKeys: ['key'],
      bus: {
        servers: bus.servers,
        credentialsFile: '/etc/neco-bus/nats.creds',
        caFile: '/etc/neco-bus/ca.crt',
        namespace: 'team',
        runUid: 'uid-of-the-run',
      },
    })
    expect([stringData['nats.creds'], stringData['ca.crt']]).toEqual(['a secret', 'PEM'])
    expect(pod?.volumes?.[1]).toEqual({ name: 'bus', secret: { secretName: named?.name } })
    expect(pod?.containers[0]?.command).toContain('/etc/neco-bus/reader.json')
  })
})
