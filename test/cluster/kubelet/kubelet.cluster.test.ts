import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import { openPodFixture, type PodFixture } from './pod-fixture.ts'

const testbed = sharedTestbed()
const WITHIN_MS = 60_000

let fixture: PodFixture
beforeAll(async () => {
  fixture = await openPodFixture(testbed, { name: 'process', count: 1, gpus: 2 })
})
afterAll(() => fixture.close())

describe('a pod that the real scheduler binds to the process kubelet', () => {
  it('completes its Job, and leaves its termination message and its log', async () => {
    const script = 'node /app/hello.mjs; printf "all steps done" > /dev/termination-log'
    const gpu = { resources: { limits: { 'nvidia.com/gpu': 1 } } }
    const spec = { template: { spec: fixture.spec(script, gpu) } }
    const metadata = { name: 'job', namespace: fixture.namespace }
    await fixture.apply({ apiVersion: 'batch/v1', kind: 'Job', metadata, spec })
    await fixture.waitFor('job/job', 'condition=Complete')
    const pods = JSON.parse(await fixture.kubectl('get', 'pods', '-l=job-name=job', '-o=json'))
    expect(pods.items[0].status.containerStatuses[0]).toMatchObject({
      imageID: 'sha256:test',
      state: { terminated: { exitCode: 0, reason: 'Completed', message: 'all steps done' } },
    })
    expect(await fixture.logs('job/job')).toBe('hello from the image\n')
  })

  it('can call the API server as its service account, at the address of its environment', async () => {
    const script = `
      import { readFileSync } from 'node:fs'
      const token = readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/token', 'utf8')
      const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env
      const url = 'https://' + host + ':' + port + '/apis/authentication.k8s.io/v1/selfsubjectreviews'
      const answer = await fetch(url, {
        method: 'POST',
        headers: { authorization: 'Bearer ' + token, 'content-type': 'application/json' },
        body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }),
      })
      console.log((await answer.json()).status.userInfo.username)`
    const ca = '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt'
    const spec = fixture.spec('', {
      command: ['node', '--input-type=module', '-e', script],
      env: [{ name: 'NODE_EXTRA_CA_CERTS', value: ca }],
    })
    await fixture.apply(fixture.pod('account', spec))
    await fixture.inPhase('account', 'Succeeded')
    const user = `system:serviceaccount:${fixture.namespace}:default\n`
    expect(await fixture.logs('account')).toBe(user)
  })

  it('is ready when its probe at its own address succeeds, while another pod uses the same port', async () => {
    const script = `
      require('http').createServer((_, answer) => answer.end()).listen(8080, process.env.POD_IP)`
    const fieldRef = { fieldPath: 'status.podIP' }
    const probe = { periodSeconds: 1, httpGet: { path: '/healthz', port: 'health' } }
    const spec = fixture.spec('', {
      command: ['node', '-e', script],
      env: [{ name: 'POD_IP', valueFrom: { fieldRef } }],
      ports: [{ name: 'health', containerPort: 8080 }],
      readinessProbe: probe,
    })
    await fixture.apply(fixture.pod('ready-0', spec), fixture.pod('ready-1', spec))
    await fixture.waitFor('pod/ready-0', 'condition=Ready')
    await fixture.waitFor('pod/ready-1', 'condition=Ready')
    await fixture.kubectl('delete', 'pod', 'ready-0', 'ready-1', '--now')
  })

  it('is restarted when its liveness probe fails, and has the previous log', async () => {
    const exec = { command: ['sh', '-c', 'false'] }
    const livenessProbe = { periodSeconds: 1, failureThreshold: 1, exec }
    const spec = {
      ...fixture.spec('echo run; sleep 1000', { livenessProbe }),
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 0,
    }
    await fixture.apply(fixture.pod('lively', spec))
    await fixture.waitFor('pod/lively', 'jsonpath={.status.containerStatuses[0].restartCount}=1')
    expect(await fixture.logs('lively', '--previous')).toBe('run\n')
    await fixture.kubectl('delete', 'pod', 'lively', '--now')
  })

  it('gets SIGTERM and its grace period when it is deleted, and is removed after its final status', async () => {
    const folder = testbed.path('grace')
    await mkdir(folder)
    const program = `
      const end = () => { require('fs').writeFileSync('/out/result', 'checkpointed'); process.exit(5) }
      process.on('SIGTERM', end)
      setInterval(() => {}, 1000)
      console.log('ready')`
    const volumeMounts = [{ name: 'out', mountPath: '/out' }]
    const spec = {
      ...fixture.spec('', { command: ['node', '-e', program], volumeMounts }),
      volumes: [{ name: 'out', hostPath: { path: folder } }],
    }
    await fixture.apply(fixture.pod('graceful', spec))
    await waitUntil({
      what: 'the program to be ready',
      withinMs: WITHIN_MS,
      look: async () => (await fixture.logs('graceful')) === 'ready\n' || undefined,
    })
    await fixture.kubectl('delete', 'pod', 'graceful', '--timeout=60s')
    expect(await readFile(join(folder, 'result'), 'utf8')).toBe('checkpointed')
  })

  it('streams its log, and the tail of it', async () => {
    await fixture.apply(
      fixture.pod('talker', fixture.spec('echo one; echo two; sleep 2; echo three')),
    )
    await fixture.inPhase('talker', 'Running')
    expect(await fixture.logs('-f', 'talker')).toBe('one\ntwo\nthree\n')
    expect(await fixture.logs('--tail=1', 'talker')).toBe('three\n')
  })

  it('waits for an image that cannot be pulled, and for GPUs that no node has', async () => {
    const gpu = { resources: { limits: { 'nvidia.com/gpu': 99 } } }
    await fixture.apply(
      fixture.pod('no-image', fixture.spec('true', { image: 'neco/none:1' })),
      fixture.pod('no-gpu', fixture.spec('true', gpu)),
    )
    const state = 'jsonpath={.status.containerStatuses[0].state.waiting.reason}'
    await fixture.waitFor('pod/no-image', `${state}=ImagePullBackOff`)
    await fixture.waitFor('pod/no-gpu', 'jsonpath={.status.conditions[0].reason}=Unschedulable')
    await fixture.kubectl('delete', 'pod', 'no-image', 'no-gpu', '--now')
  })
})
