import { chmod, copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { API_GROUP_VERSION } from '../../crds/names.ts'
import type { NeCoRun } from '../../crds/necorun.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import { findCondition } from '../../operator/core/conditions.ts'
import { omitUndefined } from '../../std/omit-undefined.ts'
import { type BedFolder, openBedFolder } from './bed/bed-folder.ts'
import { makeLocalClaim } from './bed/local-claim.ts'
import { type NatsBed, startNats } from './bed/nats-bed.ts'
import type { SharedBed } from './bed/shared-bed.ts'
import { waitUntil } from './bed/wait-until.ts'
import { CHART, makeHelm, objectsIn } from './chart/helm.ts'
import type { Executor } from './kubelet/executor.ts'
import { type Kubelet, startKubelet } from './kubelet/kubelet.ts'

const checkout = join(import.meta.dirname, '..', '..')
const RELEASE = 'neco'
/** The ServiceAccount and the ConfigMap of the operator. */
export const OPERATOR = `${RELEASE}-neco-operator`
export const CLAIM = 'studies'
export const TRAINER_IMAGE = 'neco-operator/trainer:bed'
const OPERATOR_IMAGE = 'neco-operator/operator:bed'
const POOL = 'neco.dev/study-ground'
const SHORT_LEASE = { durationSeconds: 4, renewSeconds: 3, retrySeconds: 1 }

interface Options {
  /** Names nodes and namespaces. */
  readonly name: string
  /** Where studies are applied; a new one when absent. */
  readonly namespace?: string
  /** Pods of studies are processes of this machine when absent. */
  readonly executor?: Executor
  readonly nodes?: number
  readonly gpusPerNode?: number
  /** Of the chart, beside those the ground gives. */
  readonly values?: object
  /** True when absent, but for an executor: pods that say nothing on the bus make readers come for what they left. */
  readonly bus?: boolean
  /** What is wrong with NATS, or with what the operator is given for it. */
  readonly natsFault?: 'NoJetStream' | 'StrangerCredentials'
  /** False leaves the Deployment out: a test starts the operator itself (study-operators.ts). */
  readonly deployment?: boolean
}

/** The whole system on the test bed: what the chart renders, its operator as pods, NATS, a claim, and nodes. */
export interface StudyGround {
  /** Where studies are applied. */
  readonly namespace: string
  /** Where the operator runs. */
  readonly system: string
  readonly storage: string
  readonly nats: NatsBed
  readonly kubelet: Kubelet
  readonly operatorUser: string
  readonly folder: BedFolder
  apply(manifest: object): Promise<void>
  sweep(name: string): Promise<NeCoSweep>
  runs(): Promise<readonly NeCoRun[]>
  /** The names of the Jobs that a sweep has, without its own. */
  jobsOf(sweep: string): Promise<readonly string[]>
  /** Resolves when the condition of an object is True. Throws with its state when that takes too long. */
  until(
    kind: 'necosweep' | 'necorun',
    name: string,
    condition: 'Complete' | 'Failed',
  ): Promise<void>
  operatorPods(): Promise<readonly string[]>
  close(): Promise<void>
}

/** The values under which the chart runs on the bed. */
function chartValues({ namespace, nats, values }: Installed): object {
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

interface Installed {
  readonly bed: SharedBed
  readonly namespace: string
  readonly system: string
  readonly nats: NatsBed | undefined
  readonly isStranger: boolean
  readonly values: object
  readonly deployment: boolean
}

async function makeNatsSecret({ bed, system, nats, isStranger }: Installed): Promise<void> {
  if (nats === undefined) return
  const files = {
    'signing.nk': nats.accountSigningSeedFile,
    'user.creds': isStranger ? nats.strangerCredsFile : nats.operatorCredsFile,
    'ca.crt': nats.caFile,
  }
  const words = Object.entries(files).map(([key, path]) => `--from-file=${key}=${path}`)
  await bed.kubectl.ok(['create', 'secret', 'generic', 'neco-nats', '-n', system, ...words])
}

async function install(installed: Installed): Promise<void> {
  const { bed, system, deployment } = installed
  await makeNatsSecret(installed)
  const helm = makeHelm({
    program: bed.programs.helm,
    folder: bed.path(),
    kubeconfig: bed.kubeconfig('admin'),
  })
  const file = await helm.valuesFile(chartValues(installed))
  const rendered = await helm.ok(['template', RELEASE, CHART, '-n', system, '--values', file])
  const items = objectsIn(rendered).filter(({ kind }) => deployment || kind !== 'Deployment')
  const list = { apiVersion: 'v1', kind: 'List', items }
  await bed.kubectl.ok(['apply', '-f', '-'], { input: JSON.stringify(list) })
}

async function makeStorage(bed: SharedBed, namespace: string): Promise<string> {
  const path = bed.path(`${namespace}-storage`)
  await makeLocalClaim(bed.kubectl, { namespace, name: CLAIM, path })
  // Pods are not root.
  await chmod(path, 0o777)
  await mkdir(join(path, 'weights'))
  const weights = 'weights/tiny-scenes.safetensors'
  await copyFile(join(checkout, 'examples', weights), join(path, weights))
  return path
}

/** This checkout as an image, by its tag and by the digest that pods report: later attempts ask for that. */
function imageNamed(tag: string, digit: string) {
  const imageId = `registry.test/neco@sha256:${digit.repeat(64)}`
  const image = { root: checkout, imageId }
  return { [tag]: image, [imageId]: image }
}

/** A node for the operator, whose pods are always processes, and nodes with GPUs for studies. */
async function startKubelets(
  bed: SharedBed,
  namespace: string,
  { nodes = 2, gpusPerNode = 2, executor }: Options,
): Promise<{ readonly own: Kubelet; readonly kubelet: Kubelet }> {
  const shared = {
    api: { url: bed.url, caFile: bed.caFile, token: bed.token('kubelet') },
    images: { ...imageNamed(OPERATOR_IMAGE, '0'), ...imageNamed(TRAINER_IMAGE, '1') },
    log: () => undefined,
  }
  const own = await startKubelet({
    ...shared,
    nodes: [{ name: `${namespace}-system`, gpus: 0, labels: { [POOL]: namespace } }],
    folder: bed.path(`${namespace}-system`),
  })
  const kubelet = await startKubelet({
    ...shared,
    nodes: Array.from({ length: nodes }, (_, i) => ({
      name: `${namespace}-${i}`,
      gpus: gpusPerNode,
    })),
    folder: bed.path(`${namespace}-kubelet`),
    ...omitUndefined({ executor }),
  })
  return { own, kubelet }
}

/** Opens the ground on the shared bed; whoever opens it closes it. */
export async function openStudyGround(bed: SharedBed, options: Options): Promise<StudyGround> {
  const { name, values = {}, deployment = true } = options
  const namespace = options.namespace ?? (await bed.newNamespace(name))
  const system = await bed.newNamespace(`${name}-system`)
  const folder = await openBedFolder()
  const nats = await startNats({
    folder,
    program: bed.programs['nats-server'],
    jetStream: options.natsFault === 'NoJetStream' ? 'None' : 'On',
  })
  const storage = await makeStorage(bed, namespace)
  const { own, kubelet } = await startKubelets(bed, namespace, options)
  const installed = {
    bed,
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
    const answer = await bed.api({ path: `${collections}/${path}` })
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
      await bed.kubectl.ok(['apply', '-n', namespace, '-f', '-'], { input })
    },
    sweep: (name) => read(`necosweeps/${name}`),
    runs: async () => (await read('necoruns')).items,
    jobsOf: async (sweep) => {
      const answer = await bed.api({ path: `/apis/batch/v1/namespaces/${namespace}/jobs` })
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
      const words = ['get', 'pods', '-n', system, '-o', 'jsonpath={.items[*].metadata.name}']
      return (await bed.kubectl.ok(words)).split(' ').filter((pod) => pod !== '')
    },
    close: async () => {
      const made = options.namespace === undefined ? [namespace, system] : [system]
      await bed.kubectl.run(['delete', 'namespace', ...made, '--wait=false'])
      await kubelet.close()
      await own.close()
      await nats.close()
      await folder.remove()
    },
  }
}
