import { mkdir, writeFile } from 'node:fs/promises'
import type { SharedTestbed } from '../testbed/shared-testbed.ts'
import { type Kubelet, type KubeletOptions, startKubelet } from './kubelet.ts'

const IMAGE = 'neco/test:1'
const POOL = 'neco.dev/kubelet-test'

type PodFixtureSpec = Record<string, unknown> & {
  readonly containers: readonly Record<string, unknown>[]
}

/** A namespace, a kubelet with nodes of its own, and functions that create pods on them. */
export interface PodFixture {
  readonly kubelet: Kubelet
  readonly namespace: string
  /** A pod spec with one container that runs a shell script. */
  readonly spec: (script: string, container?: object) => PodFixtureSpec
  readonly pod: (name: string, spec: PodFixtureSpec) => object
  readonly apply: (...objects: readonly object[]) => Promise<void>
  readonly waitFor: (object: string, condition: string) => Promise<string>
  readonly inPhase: (pod: string, phase: string) => Promise<string>
  readonly logs: (...args: readonly string[]) => Promise<string>
  readonly kubectl: (...args: readonly string[]) => Promise<string>
  readonly close: () => Promise<void>
}

/** Opens it on the testbed, with nodes of that name and a number. */
export async function openPodFixture(
  testbed: SharedTestbed,
  node: { readonly name: string; readonly count: number; readonly gpus: number },
  options: Pick<KubeletOptions, 'executor'> = {},
): Promise<PodFixture> {
  const namespace = await testbed.newNamespace(node.name)
  const root = testbed.path(`${namespace}-image`)
  await mkdir(root)
  await writeFile(`${root}/hello.mjs`, 'console.log("hello from the image")')
  const kubelet = await startKubelet({
    ...options,
    api: { url: testbed.url, caFile: testbed.caFile, token: testbed.token('kubelet') },
    images: { [IMAGE]: { root, imageId: 'sha256:test' } },
    log: () => undefined,
    folder: testbed.path(namespace),
    nodes: Array.from({ length: node.count }, (_, i) => ({
      name: `${node.name}-${i}`,
      gpus: node.gpus,
      labels: { [POOL]: namespace },
    })),
  })
  const kubectl = (...args: readonly string[]) => testbed.kubectl.ok([...args, '-n', namespace])
  const waitFor = (object: string, condition: string) =>
    kubectl('wait', object, `--for=${condition}`, '--timeout=60s')
  return {
    kubelet,
    namespace,
    spec: (script, container = {}) => ({
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 20,
      nodeSelector: { [POOL]: namespace },
      containers: [{ name: 'main', image: IMAGE, command: ['sh', '-c', script], ...container }],
    }),
    pod: (name, spec) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels: { 'neco.dev/run': 'run-1' } },
      spec,
    }),
    apply: async (...items) => {
      const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
      await testbed.kubectl.ok(['apply', '-f', '-'], { input })
    },
    waitFor,
    inPhase: (pod, phase) => waitFor(`pod/${pod}`, `jsonpath={.status.phase}=${phase}`),
    logs: (...args) => kubectl('logs', ...args),
    kubectl,
    close: kubelet.close,
  }
}
