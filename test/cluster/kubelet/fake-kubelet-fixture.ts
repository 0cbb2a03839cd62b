import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../../std/clock.ts'
import { type FakeApi, startFakeApi } from './fake-api.ts'
import { type Kubelet, startKubelet } from './kubelet.ts'
import type { Pod } from './pod-object.ts'
import { type ScriptedRun, scriptedExecutor } from './scripted-executor.ts'
import { systemClock } from './system-clock.ts'

export const NODE = 'gpu-0'
export const IMAGE = 'neco/trainer:test'

export const container = { name: 'main', image: IMAGE, command: ['node', '/app/trainer/main.ts'] }
export const spec: Pod['spec'] = {
  nodeName: NODE,
  restartPolicy: 'Never',
  containers: [container],
}

export const inPhase = (phase: string) => isPod((pod) => pod.status?.phase === phase)
export const isPod =
  (holds: (pod: Pod) => boolean) =>
  (pod: Pod | undefined): pod is Pod =>
    pod !== undefined && holds(pod)
export const isGone = (pod: Pod | undefined): pod is undefined => pod === undefined
export const waitsFor = (reason: string) =>
  isPod(({ status }) => {
    const state = status?.containerStatuses?.[0]?.state
    return state !== undefined && 'waiting' in state && state.waiting.reason === reason
  })

/** Scripted runs by the name of the pod, or `pod/container`; others succeed at once. */
export type Script = Readonly<Record<string, ScriptedRun>>

/** A fake API server, and a kubelet on it whose containers do what the script says. */
export interface FakeKubeletFixture {
  readonly api: FakeApi
  readonly setScript: (script: Script) => void
  readonly start: (clock?: Clock) => Promise<Kubelet>
  readonly close: () => Promise<void>
}

const DONE: ScriptedRun = { afterMs: 1, exitCode: 0, terminationMessage: 'done' }

export async function openFakeKubeletFixture(): Promise<FakeKubeletFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'neco-kubelet-'))
  const api = await startFakeApi(folder)
  let kubelet: Kubelet | undefined
  let script: Script = {}
  const start = async (clock = systemClock) => {
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
        clock,
        script: ({ metadata }, { name }) =>
          script[`${metadata.name}/${name}`] ?? script[metadata.name] ?? DONE,
      }),
    })
    return kubelet
  }
  return {
    api,
    setScript: (next) => {
      script = next
    },
    start,
    close: async () => {
      await kubelet?.close()
      await api.close()
      await rm(folder, { recursive: true })
    },
  }
}
