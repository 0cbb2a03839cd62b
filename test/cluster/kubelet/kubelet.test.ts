import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../../std/clock.ts'
import {
  container,
  type FakeKubeletFixture,
  IMAGE,
  inPhase,
  isGone,
  isPod,
  NODE,
  openFakeKubeletFixture,
  spec,
  waitsFor,
} from './fake-kubelet-fixture.ts'
import { systemClock } from './system-clock.ts'

let fixture: FakeKubeletFixture
beforeEach(async () => {
  fixture = await openFakeKubeletFixture()
})
afterEach(() => fixture.close())

describe('a node of the process kubelet', () => {
  it('is registered with its GPUs, reports that it is ready, and renews its Lease', async () => {
    await fixture.start()
    expect(fixture.api.get(`/api/v1/nodes/${NODE}/status`)).toMatchObject({
      status: {
        capacity: { 'nvidia.com/gpu': '4' },
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        conditions: expect.arrayContaining([
          expect.objectContaining({ type: 'Ready', status: 'True' }),
        ]),
      },
    })
    const lease = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${NODE}`
    expect(fixture.api.get(lease)).toMatchObject({ spec: { holderIdentity: NODE } })
  })
})

describe('a pod of the process kubelet', () => {
  it('is reported from Pending to its end, with its termination message, in at most one write per phase', async () => {
    await fixture.start()
    fixture.api.createPod('pod', spec)
    const { status } = await fixture.api.until('pod', inPhase('Succeeded'))
    expect(status?.containerStatuses).toEqual([
      {
        name: 'main',
        image: IMAGE,
        imageID: 'sha256:of-the-trainer',
        containerID: expect.stringMatching(/^process:/),
        ready: false,
        started: false,
        restartCount: 0,
        lastState: {},
        state: {
          terminated: {
            exitCode: 0,
            reason: 'Completed',
            message: 'done',
            startedAt: expect.any(String),
            finishedAt: expect.any(String),
            containerID: expect.stringMatching(/^process:/),
          },
        },
      },
    ])
    // A phase that ends before the previous one is written is skipped.
    const phases = fixture.api.patches('pod').map(({ phase }) => phase)
    expect(
      ['Pending', 'Running', 'Succeeded'].filter((phase) => phases.some((p) => p === phase)),
    ).toEqual(phases)
  })

  it('fails with the exit code of its container and the reason that the script gives', async () => {
    fixture.setScript({ pod: { afterMs: 1, exitCode: 137, reason: 'OOMKilled' } })
    await fixture.start()
    fixture.api.createPod('pod', spec)
    const { status } = await fixture.api.until('pod', inPhase('Failed'))
    expect(status?.containerStatuses?.[0]?.state).toMatchObject({
      terminated: { exitCode: 137, reason: 'OOMKilled' },
    })
  })

  it('that is evicted fails as a whole, with the condition that says why', async () => {
    const podEnd = {
      reason: 'Evicted',
      message: 'The node was low on resource: memory.',
      disruption: 'TerminationByKubelet',
    }
    fixture.setScript({ pod: { afterMs: 1, exitCode: 137, podEnd } })
    await fixture.start()
    fixture.api.createPod('pod', spec)
    const { status } = await fixture.api.until('pod', inPhase('Failed'))
    expect(status).toMatchObject({ reason: 'Evicted', message: podEnd.message })
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', reason: 'TerminationByKubelet' }),
    )
  })

  it('that runs longer than its deadline is stopped and fails', async () => {
    fixture.setScript({ pod: { exitCode: 0 } })
    const hasty: Clock = {
      ...systemClock,
      after: (ms, call) => systemClock.after(ms === 3_600_000 ? 1 : ms, call),
    }
    await fixture.start(hasty)
    fixture.api.createPod('pod', { ...spec, activeDeadlineSeconds: 3600 })
    const { status } = await fixture.api.until('pod', inPhase('Failed'))
    expect(status).toMatchObject({ reason: 'DeadlineExceeded' })
  })

  it('runs its init containers first, and not its containers when one of those fails', async () => {
    fixture.setScript({ 'pod/second': { afterMs: 1, exitCode: 4 } })
    await fixture.start()
    const initContainers = ['first', 'second'].map((name) => ({ ...container, name }))
    fixture.api.createPod('pod', { ...spec, initContainers })
    const { status } = await fixture.api.until('pod', inPhase('Failed'))
    expect(status?.initContainerStatuses).toMatchObject([
      { name: 'first', ready: true, state: { terminated: { exitCode: 0 } } },
      { name: 'second', ready: false, state: { terminated: { exitCode: 4 } } },
    ])
    expect(status?.containerStatuses).toMatchObject([
      { state: { waiting: { reason: 'PodInitializing' } } },
    ])
  })

  it('is restarted after a failure when its policy says so', async () => {
    fixture.setScript({ pod: { afterMs: 1, exitCode: 1 } })
    await fixture.start()
    fixture.api.createPod('pod', { ...spec, restartPolicy: 'OnFailure' })
    await fixture.api.until('pod', waitsFor('CrashLoopBackOff'))
    fixture.setScript({})
    const { status } = await fixture.api.until('pod', inPhase('Succeeded'))
    expect(status?.containerStatuses?.[0]?.restartCount).toBeGreaterThan(0)
    expect(status?.containerStatuses?.[0]?.lastState).toMatchObject({ terminated: { exitCode: 1 } })
  })

  it('waits for an image that does not exist, with the reasons of a real kubelet', async () => {
    await fixture.start()
    fixture.api.createPod('pod', { ...spec, containers: [{ ...container, image: 'none:1' }] })
    await fixture.api.until('pod', waitsFor('ErrImagePull'))
    const { status } = await fixture.api.until('pod', waitsFor('ImagePullBackOff'))
    expect(status?.phase).toBe('Pending')
  })

  it('waits for a secret that its environment needs, and starts when it is there', async () => {
    await fixture.start()
    const secretKeyRef = { name: 'bus', key: 'creds' }
    const env = [{ name: 'CREDS', valueFrom: { secretKeyRef } }]
    fixture.api.createPod('pod', { ...spec, containers: [{ ...container, env }] })
    const { status } = await fixture.api.until('pod', waitsFor('CreateContainerConfigError'))
    expect(status?.containerStatuses?.[0]?.state).toMatchObject({
      waiting: { message: 'secret "bus" not found' },
    })
    fixture.api.put('/api/v1/namespaces/default/secrets/bus', {
      kind: 'Secret',
      data: { creds: 'eA==' },
    })
    await fixture.api.until('pod', inPhase('Succeeded'))
  })

  it('reports that its container has no command, since images have no default here', async () => {
    await fixture.start()
    fixture.api.createPod('pod', { ...spec, containers: [{ name: 'main', image: IMAGE }] })
    await fixture.api.until('pod', waitsFor('CreateContainerError'))
  })

  it('is stopped when it is deleted, and removed when its final status is written', async () => {
    fixture.setScript({
      pod: { exitCode: 0, onStop: { exitCode: 5, terminationMessage: 'checkpointed' } },
    })
    const { pods } = await fixture.start()
    fixture.api.createPod('pod', spec)
    await fixture.api.until('pod', inPhase('Running'))
    expect(pods()).toMatchObject([{ name: 'pod', node: NODE, phase: 'Running' }])
    fixture.api.deletePod('pod', 30)
    await fixture.api.until('pod', isGone)
    expect(fixture.api.patches('pod').at(-1)).toMatchObject({
      phase: 'Failed',
      containerStatuses: [{ state: { terminated: { exitCode: 5, message: 'checkpointed' } } }],
    })
  })

  it('that ended long ago is removed when it is deleted', async () => {
    await fixture.start()
    fixture.api.createPod('pod', spec)
    await fixture.api.until('pod', inPhase('Succeeded'))
    fixture.api.deletePod('pod', 30)
    await fixture.api.until('pod', isGone)
  })

  it('that has not started when it is deleted fails and is removed', async () => {
    await fixture.start()
    fixture.api.createPod('pod', { ...spec, containers: [{ ...container, image: 'none:1' }] })
    await fixture.api.until('pod', waitsFor('ErrImagePull'))
    fixture.api.deletePod('pod', 30)
    await fixture.api.until('pod', isGone)
    expect(fixture.api.patches('pod').at(-1)).toMatchObject({ phase: 'Failed' })
  })

  it('whose kubelet was killed has lost its container, and fails if it may not restart', async () => {
    fixture.setScript({ pod: { exitCode: 0 }, again: { exitCode: 0 } })
    const first = await fixture.start()
    fixture.api.createPod('pod', spec)
    fixture.api.createPod('again', { ...spec, restartPolicy: 'Always' })
    await fixture.api.until('pod', inPhase('Running'))
    await fixture.api.until('again', inPhase('Running'))
    await first.close('Keep')
    await fixture.start()
    const { status } = await fixture.api.until('pod', inPhase('Failed'))
    expect(status?.containerStatuses?.[0]?.state).toMatchObject({
      terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' },
    })
    const restarted = isPod((pod) => pod.status?.containerStatuses?.[0]?.restartCount === 1)
    expect((await fixture.api.until('again', restarted)).status?.phase).toBe('Running')
  })
})
