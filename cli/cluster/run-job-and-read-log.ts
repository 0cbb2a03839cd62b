import type { V1Job } from '@kubernetes/client-node'
import { OPERATOR_NAME } from '../../crds/names.ts'
import { type CachedClient, openCachedClient } from '../../kube/cache/cached-client.ts'
import { buildCollectionPath, buildObjectPath } from '../../kube/client/resource-path.ts'
import { isKubeError } from '../../kube/kube-error.ts'
import { classifyPodWait } from '../../operator/cluster/jobs/classify-pod-wait.ts'
import { JOB_RESOURCE, POD_RESOURCE } from '../../operator/cluster/jobs/job-caches.ts'
import type { PodView } from '../../operator/cluster/jobs/pod-view.ts'
import { InputError } from '../input-error.ts'
import { InterruptedError } from '../interrupted-error.ts'
import type { Cluster } from './open-cluster.ts'

/** Longer than an image pull takes; the Job has its own deadline later. */
const JOB_TIMEOUT_MS = 180_000

const toJobObjectKey = ({ metadata }: V1Job) => ({
  namespace: metadata?.namespace ?? 'default',
  name: metadata?.name ?? '',
})

const isPodEnded = ({ status }: PodView): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed'

/** Why a pod has not ended, or how it ended. */
function describePodState(pod: PodView | undefined): string {
  if (pod === undefined) return 'it has no pod; see kubectl describe job'
  const { phase = 'Pending' } = pod.status ?? {}
  if (phase !== 'Pending') return `its pod ${pod.metadata.name} is ${phase}`
  const { reason, message } = classifyPodWait(pod)
  const why = [reason, message].filter((part) => part !== undefined).join(': ')
  return `its pod ${pod.metadata.name} is pending${why === '' ? '' : ` (${why})`}`
}

interface JobPodWait {
  readonly job: V1Job
  readonly pods: CachedClient<PodView>
  /** Aborts at Ctrl-C. */
  readonly stop: AbortSignal
}

/**
 * The pod of a Job once it has ended. Throws InputError at the timeout, and the signal's reason
 * when it aborts.
 */
async function waitForEndedPod(
  { clock }: Cluster,
  { job, pods, stop }: JobPodWait,
): Promise<PodView> {
  const { promise, resolve, reject } = Promise.withResolvers<PodView>()
  const checkPods = (): void => {
    const endedPodView = pods.cache.list().find(isPodEnded)
    if (endedPodView !== undefined) resolve(endedPodView)
  }
  const cancel = clock.after(JOB_TIMEOUT_MS, () => {
    const { namespace, name } = toJobObjectKey(job)
    const state = describePodState(pods.cache.list()[0])
    reject(
      new InputError([
        `Job ${namespace}/${name} did not end in ${JOB_TIMEOUT_MS / 1000} s: ${state}`,
      ]),
    )
  })
  const interrupted = (): void => reject(stop.reason)
  stop.addEventListener('abort', interrupted)
  const unsubscribe = pods.cache.subscribe(checkPods)
  checkPods()
  if (stop.aborted) interrupted()
  try {
    return await promise
  } finally {
    stop.removeEventListener('abort', interrupted)
    unsubscribe()
    cancel()
  }
}

async function streamPodLog(
  { api, namespace }: Cluster,
  { metadata }: PodView,
  signal: AbortSignal,
): Promise<string> {
  const lines: string[] = []
  const path = `${buildObjectPath(POD_RESOURCE, { namespace, name: metadata.name })}/log`
  for await (const line of api.stream({ method: 'GET', path, signal })) lines.push(line)
  return lines.join('\n')
}

function lastLogLine(log: string): string {
  const last = log.trim().split('\n').at(-1) ?? ''
  return last === '' ? 'its log is empty' : last.slice(0, 500)
}

async function deleteReaderJob({ api }: Cluster, job: V1Job): Promise<void> {
  const path = buildObjectPath(JOB_RESOURCE, toJobObjectKey(job))
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' }
  await api.request({ method: 'DELETE', path, body }).catch((error: unknown) => {
    if (!isKubeError(error, 'NotFound')) throw error
  })
}

async function waitForJobLog(cluster: Cluster, job: V1Job, stop: AbortSignal): Promise<string> {
  const { namespace, name } = toJobObjectKey(job)
  const labelSelector = `batch.kubernetes.io/job-name=${name}`
  const pods = openCachedClient<PodView>({
    ...cluster,
    fieldManager: OPERATOR_NAME,
    resource: POD_RESOURCE,
    labelSelector,
  })
  try {
    const pod = await waitForEndedPod(cluster, { job, pods, stop })
    const log = await streamPodLog(cluster, pod, stop)
    if (pod.status?.phase === 'Succeeded') return log
    throw new InputError([`Job ${namespace}/${name} failed: ${lastLogLine(log)}`])
  } finally {
    await pods.close()
  }
}

/** Deletes the Job after Ctrl-C, and returns the message for it. */
async function deleteInterruptedJob(cluster: Cluster, job: V1Job): Promise<InterruptedError> {
  const { namespace, name } = toJobObjectKey(job)
  try {
    await deleteReaderJob(cluster, job)
    return new InterruptedError([`interrupted; Job ${namespace}/${name} is deleted`])
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const line = `interrupted; Job ${namespace}/${name} remains until its TTL deletes it: ${why}`
    return new InterruptedError([line], { cause })
  }
}

/**
 * Creates a Job, waits until its pod has ended, and returns the log of the pod; the Job is always
 * deleted. Throws InputError where the pod fails, InterruptedError at Ctrl-C; a second Ctrl-C ends
 * the process, and then the Job's TTL deletes it.
 */
export async function runJobAndReadLog(cluster: Cluster, job: V1Job): Promise<string> {
  const stop = new AbortController()
  const stopListening = cluster.onInterrupt(() => {
    stop.abort()
    stopListening()
  })
  try {
    const path = buildCollectionPath(JOB_RESOURCE, cluster.namespace)
    const query = { fieldValidation: 'Strict' }
    // Not aborted: a Job whose creation is not answered could not be deleted.
    await cluster.api.request({ method: 'POST', path, query, body: job })
    const log = await waitForJobLog(cluster, job, stop.signal).catch(async (error: unknown) => {
      if (stop.signal.aborted) throw await deleteInterruptedJob(cluster, job)
      await deleteReaderJob(cluster, job)
      throw error
    })
    await deleteReaderJob(cluster, job)
    return log
  } finally {
    stopListening()
  }
}
