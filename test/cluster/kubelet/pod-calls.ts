import type { Clock } from '../../../std/clock.ts'
import { type ApiConnection, formatApiRefusal } from './api-connection.ts'
import type { Delay } from './delay.ts'
import { type Pod, toPodName } from './pod-object.ts'

interface CallPorts {
  readonly api: ApiConnection
  readonly clock: Clock
  readonly delay: Delay
  readonly log: (line: string) => void
  readonly closed: AbortSignal
}

const RETRY_MS = 500
/** Deleted now, deleted before, or replaced by another pod of the name. */
const REMOVED = [200, 202, 404, 409]

/**
 * Removes a pod whose processes have ended: deletes it without grace, again until the API server
 * has done it.
 */
export async function deletePod(ports: CallPorts, pod: Pod): Promise<void> {
  const { api, delay, log, closed } = ports
  const { namespace, name, uid } = pod.metadata
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`
  const body = { gracePeriodSeconds: 0, preconditions: { uid } }
  while (!closed.aborted) {
    try {
      const answer = await api.call({ method: 'DELETE', path, body })
      if (REMOVED.includes(answer.status)) return
      log(`${toPodName(pod)}: not removed: ${formatApiRefusal(answer)}`)
    } catch (error) {
      if (!closed.aborted) log(`${toPodName(pod)}: not removed: ${String(error)}`)
    }
    await delay(RETRY_MS, closed)
  }
}

interface PodWarning {
  readonly reason: string
  readonly message: string
}

const MESSAGE_LIMIT = 1024

/** Writes a warning Event of a pod. One that cannot be written is only logged, as Events are. */
export async function publishPodWarning(
  { api, clock, log }: CallPorts,
  pod: Pod,
  { reason, message }: PodWarning,
): Promise<void> {
  const { namespace, name, uid } = pod.metadata
  const now = `${new Date(clock.nowMs()).toISOString().slice(0, 19)}Z`
  const body = {
    metadata: { generateName: `${name}.`, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
    type: 'Warning',
    reason,
    message: message.slice(0, MESSAGE_LIMIT),
    source: { component: 'kubelet', host: pod.spec.nodeName },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  }
  try {
    await api.call({ method: 'POST', path: `/api/v1/namespaces/${namespace}/events`, body })
  } catch (error) {
    log(`${toPodName(pod)}: no event: ${String(error)}`)
  }
}
