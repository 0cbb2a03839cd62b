import { createApiClient } from '../../kube/client/api-client.ts'
import { createApiEndpoint } from '../../kube/client/api-endpoint.ts'
import { openJobCaches } from '../../operator/cluster/jobs/job-caches.ts'
import {
  createKubernetesJobs,
  type KubernetesJobsOptions,
} from '../../operator/cluster/jobs/kubernetes-jobs.ts'
import type { Jobs } from '../../operator/ports/jobs.ts'
import type { FakeApiServer } from './fake-api-server.ts'
import { createManualClock, type ManualClock } from './manual-clock.ts'

export const JOBS = '/apis/batch/v1/jobs'
export const PODS = '/api/v1/pods'
export const CONFIG_MAPS = '/api/v1/configmaps'
export const SECRETS = '/api/v1/secrets'

export interface FakeJobsPlatform {
  readonly jobs: Jobs
  readonly clock: ManualClock
  readonly close: () => Promise<void>
}

const DEFAULTS = { image: 'registry.test/neco:1', storage: { claim: 'neco-storage' } }

/** The Jobs port on a fake API server. */
export function openFakeJobsPlatform(
  server: FakeApiServer,
  changes: Partial<KubernetesJobsOptions> = {},
): FakeJobsPlatform {
  const clock = createManualClock()
  const api = createApiClient({ endpoint: createApiEndpoint(server.kubeConfig), clock })
  const kinds = openJobCaches({ api, clock, random: () => 0 })
  return {
    jobs: createKubernetesJobs({ api, clock, ...kinds, defaults: DEFAULTS, ...changes }),
    clock,
    close: async () => {
      await Promise.all([kinds.jobs.close(), kinds.pods.close()])
      api.close()
    },
  }
}

/** What the Job controller and a kubelet do: the pod of a Job, in some state. */
export function makePod(server: FakeApiServer, job: string, status: object): void {
  const { metadata, spec } = server.objects.get(JOBS, job)
  const { template } = spec as { readonly template: { readonly metadata: object } }
  const owner = { uid: metadata.uid ?? '', kind: 'Job', name: metadata.name, controller: true }
  const { namespace = '' } = metadata
  const name = `${metadata.name}-x`
  server.objects.create(PODS, {
    metadata: { ...template.metadata, name, namespace, ownerReferences: [owner] },
    spec: { nodeName: 'n1' },
  })
  server.objects.write(PODS, `${namespace}/${name}`, { status })
}
