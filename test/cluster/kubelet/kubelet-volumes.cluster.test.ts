import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { openPodFixture, type PodFixture } from './pod-fixture.ts'

const testbed = sharedTestbed()

let fixture: PodFixture
beforeAll(async () => {
  fixture = await openPodFixture(testbed, { name: 'volumes', count: 1, gpus: 0 })
})
afterAll(() => fixture.close())

const field = (fieldPath: string) => ({ fieldRef: { fieldPath } })
const scratch = { name: 'scratch', mountPath: '/scratch' }

const volumes = [
  { name: 'config', configMap: { name: 'config' } },
  { name: 'secret', secret: { secretName: 'secret', defaultMode: 0o400 } },
  { name: 'claim', persistentVolumeClaim: { claimName: 'claim' } },
  { name: 'scratch', emptyDir: {} },
  { name: 'podinfo', downwardAPI: { items: [{ path: 'labels', ...field('metadata.labels') }] } },
]
const volumeMounts = [
  scratch,
  { name: 'config', mountPath: '/etc/neco/config' },
  { name: 'secret', mountPath: '/etc/neco/secret', readOnly: true },
  { name: 'podinfo', mountPath: '/etc/podinfo' },
  { name: 'claim', mountPath: '/storage', subPath: 'study' },
]
const env = [
  { name: 'POD_NAME', valueFrom: field('metadata.name') },
  { name: 'POD_IP', valueFrom: field('status.podIP') },
  { name: 'CREDS', valueFrom: { secretKeyRef: { name: 'secret', key: 'creds' } } },
]
const SCRIPT = `cat /etc/neco/config/run-config.json /etc/neco/secret/creds /etc/podinfo/labels
cat /scratch/from-init
echo $POD_NAME $CREDS $POD_IP
echo stored > /storage/file
touch /etc/neco/config/no || true`

const storage = { accessModes: ['ReadWriteMany'], storageClassName: '' }
const volumeAt = (name: string, path: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: { ...storage, capacity: { storage: '1Gi' }, hostPath: { path } },
})
const buildClaim = (volumeName: string, namespace: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'claim', namespace },
  spec: { ...storage, volumeName, resources: { requests: { storage: '1Gi' } } },
})

describe('a pod of the process kubelet', () => {
  it('waits for what its volumes and variables need, then sees all of it', async () => {
    const { namespace, apply } = fixture
    const folder = testbed.path('claim')
    await mkdir(folder)
    const [init] = fixture.spec('echo initialized > /scratch/from-init', {
      name: 'init',
      volumeMounts: [scratch],
    }).containers
    const spec = { ...fixture.spec(SCRIPT, { env, volumeMounts }), initContainers: [init], volumes }
    await apply(volumeAt(namespace, folder), buildClaim(namespace, namespace))
    await apply(fixture.pod('reader', spec))
    await fixture.waitFor('pod/reader', 'condition=PodScheduled')
    const event = 'reason=FailedMount,involvedObject.name=reader'
    await fixture.kubectl('wait', 'event', `--field-selector=${event}`, '--for=create')
    const data = { 'run-config.json': '{"a":1}\n' }
    const metadata = (name: string) => ({ name, namespace })
    await apply(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('config'), data },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: metadata('secret'),
        stringData: { creds: 'of-bus\n' },
      },
    )
    await fixture.inPhase('reader', 'Succeeded')
    const [config, creds, label, output, refused] = (await fixture.logs('reader')).split('\n')
    expect([config, creds]).toEqual(['{"a":1}', 'of-bus'])
    expect(label).toBe('neco.dev/run="run-1"initialized')
    expect(output).toMatch(/^reader of-bus 127\.\d+\.\d+\.\d+$/)
    expect(refused).toContain('Read-only file system')
    expect(await readFile(join(folder, 'study', 'file'), 'utf8')).toBe('stored\n')
    await fixture.kubectl('delete', 'pv', namespace, '--wait=false')
  })
})
