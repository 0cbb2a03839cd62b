import { chmod, copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { API_GROUP_VERSION } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { NeCoSweep } from '../../../crds/necosweep.ts'
import { findCondition } from '../../../operator/core/conditions.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { CHART, createHelm, objectsIn } from '../chart/helm.ts'
import type { Executor } from '../kubelet/executor.ts'
import { type Kubelet, startKubelet } from '../kubelet/kubelet.ts'
import { makeLocalClaim } from '../testbed/local-claim.ts'
import { type NatsTestbed, startNatsTestbed } from '../testbed/nats-testbed.ts'
import type { SharedTestbed } from '../testbed/shared-testbed.ts'
import { openTestbedFolder, type TestbedFolder } from '../testbed/testbed-folder.ts'
import { waitUntil } from '../testbed/wait-until.ts'

const checkout = join(import.meta.dirname, '..', '..', '..')
const RELEASE = 'neco'
/** The ServiceAccount and the ConfigMap of the operator. */
export const OPERATOR = `${RELEASE}-neco-operator`
export const CLAIM = 'studies'
export const TRAINER_IMAGE = 'neco-operator/trainer:test'
const OPERATOR_IMAGE = 'neco-operator/operator:test'
const POOL = 'neco.dev/study-fixture'
const SHORT_LEASE = { durationSeconds: 4, renewSeconds: 3, retrySeconds: 1 }

interface Options {
  /** Names nodes and namespaces. */
  readonly name: string
  /** Namespace of the studies; a new one when absent. */
  readonly namespace?: string
  /** Pods of studies are processes of this machine when absent. */
  readonly executor?: Executor
  readonly nodes?: number
  readonly gpusPerNode?: number
  /** Values of the chart, in addition to those of the fixture. */
  readonly values?: object
  /**
   * Default true; false with an executor, whose pods would get reader Jobs since they report
   * nothing on the bus.
   */
  readonly bus?: boolean
  /** A fault of NATS, or of the operator's credentials for it. */
  readonly natsFault?: 'NoJetStream' | 'StrangerCredentials'
  /** False leaves the Deployment out: the test starts the operator itself (study-operators.ts). */
  readonly deployment?: boolean
}

/**
 * The whole system on the testbed: what the chart renders, its operator as pods, NATS, a claim, and
 * nodes.
 */
export interface StudyFixture {
  /** Namespace of the studies. */
  readonly namespace: string
  /** Namespace of the operator. */
  readonly system: string
  readonly storage: string
  readonly nats: NatsTestbed
  readonly kubelet: Kubelet
  readonly operatorUser: string
  readonly folder: TestbedFolder
  apply(manifest: object): Promise<void>
  sweep(name: string): Promise<NeCoSweep>
  runs(): Promise<readonly NeCoRun[]>
  /** The names of the Jobs of a sweep, without the sweep's name. */
  listJobs(sweep: string): Promise<readonly string[]>
  /** Resolves when the condition of an object is True. Throws with its state at the timeout. */
  until(
    kind: 'necosweep' | 'necorun',
    name: string,
    condition: 'Complete' | 'Failed',
  ): Promise<void>
  operatorPods(): Promise<readonly string[]>
  close(): Promise<void>
}

/** The values under which the chart runs on the testbed. */
function chartValues({ namespace, nats, values }: InstallContext): object {
  const [image, trainer] = [OPERATOR_IMAGE, TRAINER_IMAGE].map((name) => {
    const [repository, tag] = name.split(':')
    return { repository, tag }
  })
  return {
    image,
    crds: { install: false },
    watchNamespaces: [namespace],
    defaults: {
      image: trainer,
      storage: { claim: CLAIM },
      resources: { limits: { 'nvidia.com/gpu': 1 } },
    },
    resources: {},
    lease: SHORT_LEASE,
    nodeSelector: { [POOL]: namespace },
    ...(nats === undefined
      ? {}
      : {
          nats: {
            servers: [nats.url],
            account: nats.account,
            signingKey: { secretName: 'neco-nats' },
            credentials: { secretName: 'neco-nats' },
            ca: { secretName: 'neco-nats' },
          },
        }),
    ...values,
  }
}

interface InstallContext {
  readonly testbed: SharedTestbed
  readonly namespace: string
  readonly system: string
  readonly nats: NatsTestbed | undefined
  readonly isStranger: boolean
  readonly values: object
  readonly deployment: boolean
}

async function makeNatsSecret({
  testbed,
  system,
  nats,
  isStranger,
}: InstallContext): Promise<void> {
  if (nats === undefined) return
  const files = {
    'signing.nk': nats.accountSigningSeedFile,
    'user.creds': isStranger ? nats.untrustedCredsFile : nats.operatorCredsFile,
    'ca.crt': nats.caFile,
  }
  const args = Object.entries(files).map(([key, path]) => `--from-file=${key}=${path}`)
  await testbed.kubectl.ok(['create', 'secret', 'generic', 'neco-nats', '-n', system, ...args])
}

async function install(installed: InstallContext): Promise<void> {
  const { testbed, system, deployment } = installed
  await makeNatsSecret(installed)
  const helm = createHelm({
    program: testbed.programs.helm,
    folder: testbed.path(),
    kubeconfig: testbed.kubeconfig('admin'),
  })
  const file = await helm.valuesFile(chartValues(installed))
  const rendered = await helm.ok(['template', RELEASE, CHART, '-n', system, '--values', file])
  const items = objectsIn(rendered).filter(({ kind }) => deployment || kind !== 'Deployment')
  const list = { apiVersion: 'v1', kind: 'List', items }
  await testbed.kubectl.ok(['apply', '-f', '-'], { input: JSON.stringify(list) })
}

async function makeStorage(testbed: SharedTestbed, namespace: string): Promise<string> {
  const path = testbed.path(`${namespace}-storage`)
  await makeLocalClaim(testbed.kubectl, { namespace, name: CLAIM, path })
  // Pods are not root.
  await chmod(path, 0o777)
  await mkdir(join(path, 'weights'))
  const weights = 'weights/tiny-scenes.safetensors'
  await copyFile(join(checkout, 'examples', weights), join(path, weights))
  return path
}

/**
 * This checkout as an image, by its tag and by the digest that pods report: later attempts ask for
 * that.
 */
function buildCheckoutImage(tag: string, digit: string) {
  const imageId = `registry.test/neco@sha256:${digit.repeat(64)}`
  const image = { root: checkout, imageId }
  return { [tag]: image, [imageId]: image }
}

/** A node for the operator, whose pods are always processes, and nodes with GPUs for studies. */
async function startKubelets(
  testbed: SharedTestbed,
  namespace: string,
  { nodes = 2, gpusPerNode = 2, executor }: Options,
): Promise<{ readonly own: Kubelet; readonly kubelet: Kubelet }> {
  const shared = {
    api: { url: testbed.url, caFile: testbed.caFile, token: testbed.token('kubelet') },
    images: {
      ...buildCheckoutImage(OPERATOR_IMAGE, '0'),
      ...buildCheckoutImage(TRAINER_IMAGE, '1'),
    },
    log: () => undefined,
  }
  const own = await startKubelet({
    ...shared,
    nodes: [{ name: `${namespace}-system`, gpus: 0, labels: { [POOL]: namespace } }],
    folder: testbed.path(`${namespace}-system`),
  })
  const kubelet = await startKubelet({
    ...shared,
    nodes: Array.from({ length: nodes }, (_, i) => ({
      name: `${namespace}-${i}`,
      gpus: gpusPerNode,
    })),
    folder: testbed.path(`${namespace}-kubelet`),
    ...omitUndefined({ executor }),
  })
  return { own, kubelet }
}

/** Opens it on the shared testbed; the caller closes it. */
export async function openStudyFixture(
  testbed: SharedTestbed,
  options: Options,
): Promise<StudyFixture> {
  const { name, values = {}, deployment = true } = options
  const namespace = options.namespace ?? (await testbed.newNamespace(name))
  const system = await testbed.newNamespace(`${name}-system`)
  const folder = await openTestbedFolder()
  const nats = await startNatsTestbed({
    folder,
    program: testbed.programs['nats-server'],
    jetStream: options.natsFault === 'NoJetStream' ? 'None' : 'On',
  })
  const storage = await makeStorage(testbed, namespace)
  const { own, kubelet } = await startKubelets(testbed, namespace, options)
  const installed = {
    testbed,
    namespace,
    system,
    nats: (options.bus ?? options.executor === undefined) ? nats : undefined,
    isStranger: options.natsFault === 'StrangerCredentials',
    values,
    deployment,
  }
  await install(installed)
  const collections = `/apis/${API_GROUP_VERSION}/namespaces/${namespace}`
  const read = async (path: string) => {
    const answer = await testbed.api({ path: `${collections}/${path}` })
    if (answer.status !== 200) throw new Error(answer.text)
    return JSON.parse(answer.text)
  }
  return {
    namespace,
    system,
    storage,
    nats,
    kubelet,
    folder,
    operatorUser: `system:serviceaccount:${system}:${OPERATOR}`,
    apply: async (manifest) => {
      const input = JSON.stringify(manifest)
      await testbed.kubectl.ok(['apply', '-n', namespace, '-f', '-'], { input })
    },
    sweep: (name) => read(`necosweeps/${name}`),
    runs: async () => (await read('necoruns')).items,
    listJobs: async (sweep) => {
      const answer = await testbed.api({ path: `/apis/batch/v1/namespaces/${namespace}/jobs` })
      const { items } = JSON.parse(answer.text) as { items: { metadata: { name: string } }[] }
      return items
        .map(({ metadata }) => metadata.name)
        .filter((name) => name.startsWith(`${sweep}-`))
        .map((name) => name.slice(sweep.length))
    },
    until: async (kind, name, condition) => {
      await waitUntil({
        what: `${kind} ${name} to be ${condition}`,
        withinMs: 540_000,
        everyMs: 200,
        look: async () => {
          const { status } = (await read(`${kind}s/${name}`)) as NeCoRun
          return findCondition(status?.conditions, condition)?.status === 'True' || undefined
        },
      })
    },
    operatorPods: async () => {
      const args = ['get', 'pods', '-n', system, '-o', 'jsonpath={.items[*].metadata.name}']
      return (await testbed.kubectl.ok(args)).split(' ').filter((pod) => pod !== '')
    },
    close: async () => {
      const made = options.namespace === undefined ? [namespace, system] : [system]
      await testbed.kubectl.run(['delete', 'namespace', ...made, '--wait=false'])
      await kubelet.close()
      await own.close()
      await nats.close()
      await folder.remove()
    },
  }
}
