import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../../operator/ports/clock.ts'
import { type FakeApi, startFakeApi } from './fake-api.ts'
import { type Kubelet, startKubelet } from './kubelet.ts'
import type { Pod } from './pod-object.ts'
import { type ScriptedRun, scriptedExecutor } from './scripted-executor.ts'
import { systemClock } from './system-clock.ts'

const NODE = 'gpu-0'
const IMAGE = 'neco/trainer:test'

let folder = ''
let api: FakeApi
let kubelet: Kubelet | undefined
let script: Record<string, ScriptedRun> = {}
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neco-kubelet-'))
  api = await startFakeApi(folder)
  script = {}
})
afterEach(async () => {
  await kubelet?.close()
  await api.close()
  await rm(folder, { recursive: true })
})

/** A kubelet whose containers do what `script` says of their pod, or end well at once. */
async function start(clock = systemClock): Promise<Kubelet> {
  kubelet = await startKubelet({
    api: api.address,
    nodes: [{ name: NODE, gpus: 4 }],
    images: { [IMAGE]: { root: folder, imageId: 'sha256:of-the-trainer' } },
    folder: join(folder, 'kubelet'),
    log: () => undefined,
    clock,
    retryMs: 5,
    backOff: { firstMs: 1, mostMs: 5 },
    executor: scriptedExecutor({
      clock: systemClock,
      script: ({ metadata }, { name }) =>
        script[`${metadata.name}/${name}`] ??
        script[metadata.name] ?? { afterMs: 1, exitCode: 0, terminationMessage: 'done' },
    }),
  })
  return kubelet
}

const container = { name: 'main', image: IMAGE, command: ['node', '/app/trainer/main.ts'] }
const spec: Pod['spec'] = { nodeName: NODE, restartPolicy: 'Never', containers: [container] }

const inPhase = (phase: string) => (pod: Pod | undefined) => pod?.status?.phase === phase
const isPod =
  (holds: (pod: Pod) => boolean) =>
  (pod: Pod | undefined): pod is Pod =>
    pod !== undefined && holds(pod)
const isGone = (pod: Pod | undefined): pod is undefined => pod === undefined
const waitsFor = (reason: string) =>
  isPod(({ status }) => {
    const state = status?.containerStatuses?.[0]?.state
    return state !== undefined && 'waiting' in state && state.waiting.reason === reason
  })

describe('a node of the process kubelet', () => {
  it('is registered with its GPUs, reports that it is ready, and renews its Lease', async () => {
    await start()
    expect(api.get(`/api/v1/nodes/${NODE}/status`)).toMatchObject({
      status: {
        capacity: { 'nvidia.com/gpu': '4' },
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        conditions: expect.arrayContaining([
          expect.objectContaining({ type: 'Ready', status: 'True' }),
        ]),
      },
    })
    const lease = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${NODE}`
    expect(api.get(lease)).toMatchObject({ spec: { holderIdentity: NODE } })
  })
})

describe('a pod of the process kubelet', () => {
  it('is reported from its waiting to its end, with last words, in one write a phase at most', async () => {
    await start()
    api.createPod('pod', spec)
    const { status } = await api.until('pod', isPod(inPhase('Succeeded')))
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
    // A phase that is over before the one before it is written is not written.
    const phases = api.patches('pod').map(({ phase }) => phase)
    expect(
      ['Pending', 'Running', 'Succeeded'].filter((phase) => phases.some((p) => p === phase)),
    ).toEqual(phases)
  })

  it('fails with the exit code of its container and the reason that the script gives', async () => {
    script = { pod: { afterMs: 1, exitCode: 137, reason: 'OOMKilled' } }
    await start()
    api.createPod('pod', spec)
    const { status } = await api.until('pod', isPod(inPhase('Failed')))
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
    script = { pod: { afterMs: 1, exitCode: 137, podEnd } }
    await start()
    api.createPod('pod', spec)
    const { status } = await api.until('pod', isPod(inPhase('Failed')))
    expect(status).toMatchObject({ reason: 'Evicted', message: podEnd.message })
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', reason: 'TerminationByKubelet' }),
    )
  })

  it('that runs longer than its deadline is stopped and fails', async () => {
    script = { pod: { exitCode: 0 } }
    const hasty: Clock = {
      ...systemClock,
      after: (ms, call) => systemClock.after(ms === 3_600_000 ? 1 : ms, call),
    }
    await start(hasty)
    api.createPod('pod', { ...spec, activeDeadlineSeconds: 3600 })
    const { status } = await api.until('pod', isPod(inPhase('Failed')))
    expect(status).toMatchObject({ reason: 'DeadlineExceeded' })
  })

  it('runs its init containers first, and not its containers when one of those fails', async () => {
    script = { 'pod/second': { afterMs: 1, exitCode: 4 } }
    await start()
    const initContainers = ['first', 'second'].map((name) => ({ ...container, name }))
    api.createPod('pod', { ...spec, initContainers })
    const { status } = await api.until('pod', isPod(inPhase('Failed')))
    expect(status?.initContainerStatuses).toMatchObject([
      { name: 'first', ready: true, state: { terminated: { exitCode: 0 } } },
      { name: 'second', ready: false, state: { terminated: { exitCode: 4 } } },
    ])
    expect(status?.containerStatuses).toMatchObject([
      { state: { waiting: { reason: 'PodInitializing' } } },
    ])
  })

  it('is started again after a failure when its policy says so', async () => {
    script = { pod: { afterMs: 1, exitCode: 1 } }
    await start()
    api.createPod('pod', { ...spec, restartPolicy: 'OnFailure' })
    await api.until('pod', waitsFor('CrashLoopBackOff'))
    script = {}
    const { status } = await api.until('pod', isPod(inPhase('Succeeded')))
    expect(status?.containerStatuses?.[0]?.restartCount).toBeGreaterThan(0)
    expect(status?.containerStatuses?.[0]?.lastState).toMatchObject({ terminated: { exitCode: 1 } })
  })

  it('waits for an image that does not exist, as a kubelet says it', async () => {
    await start()
    api.createPod('pod', { ...spec, containers: [{ ...container, image: 'none:1' }] })
    await api.until('pod', waitsFor('ErrImagePull'))
    const { status } = await api.until('pod', waitsFor('ImagePullBackOff'))
    expect(status?.phase).toBe('Pending')
  })

  it('waits for a secret that its environment needs, and starts when it is there', async () => {
    await start()
    const secretKeyRef = { name: 'bus', key: 'creds' }
    const env = [{ name: 'CREDS', valueFrom: { secretKeyRef } }]
    api.createPod('pod', { ...spec, containers: [{ ...container, env }] })
    const { status } = await api.until('pod', waitsFor('CreateContainerConfigError'))
    expect(status?.containerStatuses?.[0]?.state).toMatchObject({
      waiting: { message: 'secret "bus" not found' },
    })
    api.put('/api/v1/namespaces/default/secrets/bus', { kind: 'Secret', data: { creds: 'eA==' } })
    await api.until('pod', isPod(inPhase('Succeeded')))
  })

  it('says that its container has no command, which this kubelet cannot guess', async () => {
    await start()
    api.createPod('pod', { ...spec, containers: [{ name: 'main', image: IMAGE }] })
    await api.until('pod', waitsFor('CreateContainerError'))
  })

  it('is asked to end when it is deleted, and removed when its last status is written', async () => {
    script = { pod: { exitCode: 0, onStop: { exitCode: 5, terminationMessage: 'checkpointed' } } }
    const { pods } = await start()
    api.createPod('pod', spec)
    await api.until('pod', isPod(inPhase('Running')))
    expect(pods()).toMatchObject([{ name: 'pod', node: NODE, phase: 'Running' }])
    api.deletePod('pod', 30)
    await api.until('pod', isGone)
    expect(api.patches('pod').at(-1)).toMatchObject({
      phase: 'Failed',
      containerStatuses: [{ state: { terminated: { exitCode: 5, message: 'checkpointed' } } }],
    })
  })

  it('that ended long ago is removed when it is deleted', async () => {
    await start()
    api.createPod('pod', spec)
    await api.until('pod', isPod(inPhase('Succeeded')))
    api.deletePod('pod', 30)
    await api.until('pod', isGone)
  })

  it('that has not started when it is deleted fails and is removed', async () => {
    await start()
    api.createPod('pod', { ...spec, containers: [{ ...container, image: 'none:1' }] })
    await api.until('pod', waitsFor('ErrImagePull'))
    api.deletePod('pod', 30)
    await api.until('pod', isGone)
    expect(api.patches('pod').at(-1)).toMatchObject({ phase: 'Failed' })
  })

  it('whose kubelet was killed has lost its container, and fails if that may not run again', async () => {
    script = { pod: { exitCode: 0 }, again: { exitCode: 0 } }
    const first = await start()
    api.createPod('pod', spec)
    api.createPod('again', { ...spec, restartPolicy: 'Always' })
    await api.until('pod', isPod(inPhase('Running')))
    await api.until('again', isPod(inPhase('Running')))
    await first.close('Keep')
    await start()
    const { status } = await api.until('pod', isPod(inPhase('Failed')))
    expect(status?.containerStatuses?.[0]?.state).toMatchObject({
      terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' },
    })
    const restarted = isPod((pod) => pod.status?.containerStatuses?.[0]?.restartCount === 1)
    expect((await api.until('again', restarted)).status?.phase).toBe('Running')
  })
})

describe('a node that has lost its network', () => {
  it('says nothing of its pods, and says it when it is back', async () => {
    script = { pod: { exitCode: 0, onStop: { exitCode: 5 } } }
    const { stopHeartbeat, startHeartbeat } = await start()
    api.createPod('pod', spec)
    await api.until('pod', isPod(inPhase('Running')))
    stopHeartbeat(NODE)
    api.deletePod('pod', 30)
    api.createPod('meanwhile', spec)
    const said = api.patches('pod').length
    await startHeartbeat(NODE)
    await api.until('pod', isGone)
    await api.until('meanwhile', isPod(inPhase('Succeeded')))
    expect(api.patches('pod').length).toBe(said + 1)
  })
})
