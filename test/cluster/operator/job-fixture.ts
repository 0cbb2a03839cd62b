import { mkdir } from 'node:fs/promises'
import { KubeConfig } from '@kubernetes/client-node'
import { API_GROUP_VERSION, RUN_KIND } from '../../../crds/names.ts'
import { createApiClient } from '../../../kube/client/api-client.ts'
import { createApiEndpoint } from '../../../kube/client/api-endpoint.ts'
import type { JobBus } from '../../../operator/cluster/jobs/create-job.ts'
import { openJobCaches } from '../../../operator/cluster/jobs/job-caches.ts'
import { createKubernetesJobs } from '../../../operator/cluster/jobs/kubernetes-jobs.ts'
import type { JobRequest } from '../../../operator/ports/job-request.ts'
import type { Jobs } from '../../../operator/ports/jobs.ts'
import type { ObservedJob } from '../../../operator/ports/observed-job.ts'
import { buildTestJobRequest } from '../../fixtures/job-request.ts'
import { waitForOwnedJobs } from '../../fixtures/wait-for-owned-jobs.ts'
import { createHeldPods, type HeldPods } from '../kubelet/held-pods.ts'
import { type Kubelet, startKubelet } from '../kubelet/kubelet.ts'
import { systemClock } from '../kubelet/system-clock.ts'
import { makeLocalClaim } from '../testbed/local-claim.ts'
import type { SharedTestbed } from '../testbed/shared-testbed.ts'

const IMAGE = 'neco/held:1'
const POOL = 'neco.dev/job-fixture'

/** A kubelet with nodes of its own whose pods end on command. */
export interface JobFixture {
  readonly kubelet: Kubelet
  readonly pool: Readonly<Record<string, string>>
  /** A namespace with a claim and two runs, and the Jobs of the cluster. */
  readonly openPlatform: (bus?: JobBus) => Promise<JobsPlatform>
  readonly close: () => Promise<void>
}

export interface JobsPlatform {
  readonly namespace: string
  readonly jobs: Jobs
  readonly mine: JobRequest['owner']
  readonly other: JobRequest['owner']
  readonly aRequest: (name: string, owner: JobRequest['owner'], pod?: object) => JobRequest
  /** Ends the container of the pod of a Job, as soon as it runs. */
  readonly endPod: HeldPods['end']
  /** Resolves with the Job of the first run once the check holds. */
  readonly waitForJob: (holds: (job: ObservedJob) => boolean) => Promise<ObservedJob>
  readonly close: () => Promise<void>
}

async function makeRun(
  testbed: SharedTestbed,
  namespace: string,
  name: string,
): Promise<JobRequest['owner']> {
  const made = await testbed.api({
    method: 'POST',
    path: `/apis/${API_GROUP_VERSION}/namespaces/${namespace}/necoruns`,
    body: {
      apiVersion: API_GROUP_VERSION,
      kind: RUN_KIND,
      metadata: { name, namespace },
      spec: { data: { kind: 'Scenes', count: 8 } },
    },
  })
  if (made.status !== 201) throw new Error(made.text)
  return { name, uid: (JSON.parse(made.text) as { metadata: { uid: string } }).metadata.uid }
}

/** Waits for events of a run until one of its Jobs passes the check. */
const waitForJob = (
  jobs: Jobs,
  runUid: string,
  holds: (job: ObservedJob) => boolean,
): Promise<ObservedJob> => waitForOwnedJobs(jobs, runUid, (found) => found.find(holds))

async function openJobsPlatform(
  testbed: SharedTestbed,
  pool: Readonly<Record<string, string>>,
  bus: JobBus | undefined,
): Promise<Omit<JobsPlatform, 'endPod'>> {
  const namespace = await testbed.newNamespace('jobs')
  const claim = { namespace, name: 'neco-storage', path: testbed.path(`${namespace}-storage`) }
  await makeLocalClaim(testbed.kubectl, claim)
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromFile(testbed.kubeconfig('admin'))
  const api = createApiClient({ endpoint: createApiEndpoint(kubeConfig), clock: systemClock })
  const followed = { api, clock: systemClock, random: Math.random, namespace }
  const kinds = openJobCaches({ ...followed, createObserver: () => ({}) })
  const defaults = { image: IMAGE, storage: { claim: claim.name } }
  const jobs = createKubernetesJobs({ ...kinds, api, clock: systemClock, defaults, bus })
  const mine = await makeRun(testbed, namespace, 'study-0-r0')
  return {
    namespace,
    jobs,
    mine,
    other: await makeRun(testbed, namespace, 'study-0-r1'),
    aRequest: (name, owner, pod = {}) => {
      const placement = { pod: { nodeSelector: pool, ...pod } }
      const request = buildTestJobRequest({ name, owner, namespace, placement })
      return { ...request, execution: { ...request.execution, gracePeriodSeconds: 2 } }
    },
    waitForJob: (holds) => waitForJob(jobs, mine.uid, holds),
    close: async () => {
      await Promise.all([kinds.jobs.close(), kinds.pods.close()])
      api.close()
      await testbed.kubectl.ok(['delete', 'namespace', namespace, '--wait=false'])
      await testbed.kubectl.ok(['delete', 'pv', `${namespace}-${claim.name}`, '--wait=false'])
    },
  }
}

/** Opens it on the testbed, with nodes of that name and a number. */
export async function openJobFixture(
  testbed: SharedTestbed,
  name: string,
  count = 1,
): Promise<JobFixture> {
  const { executor, end } = createHeldPods()
  const root = testbed.path(`${name}-image`)
  await mkdir(root, { recursive: true })
  const pool = { [POOL]: name }
  const kubelet = await startKubelet({
    api: { url: testbed.url, caFile: testbed.caFile, token: testbed.token('kubelet') },
    images: { [IMAGE]: { root, imageId: `registry.test/held@sha256:${'1'.repeat(64)}` } },
    log: () => undefined,
    folder: testbed.path(name),
    executor,
    nodes: Array.from({ length: count }, (_, i) => ({
      name: `${name}-${i}`,
      gpus: 1,
      labels: pool,
    })),
  })
  return {
    kubelet,
    pool,
    openPlatform: async (bus) => {
      const platform = await openJobsPlatform(testbed, pool, bus)
      return { ...platform, endPod: (job, how) => end(`${platform.namespace}/${job}`, how) }
    },
    close: () => kubelet.close(),
  }
}
