import { type ApiConnection, formatApiRefusal } from './api-connection.ts'
import type { Delay } from './delay.ts'

export interface NodeSpec {
  readonly name: string
  /** Capacity of `nvidia.com/gpu`. */
  readonly gpus: number
  readonly labels?: Readonly<Record<string, string>>
  /** Such as `8`; plenty when absent. */
  readonly cpu?: string
  /** Such as `32Gi`; plenty when absent. */
  readonly memory?: string
  readonly pods?: number
}

export interface Heartbeat {
  readonly api: ApiConnection
  readonly node: NodeSpec
  /** Port of the server of container logs. */
  readonly port: number
  readonly address: string
  readonly leaseMs: number
  readonly statusMs: number
  /** Since when the node has been ready. */
  readonly readySinceMs: number
  readonly nowMs: () => number
  readonly delay: Delay
  readonly log: (line: string) => void
}

const VERSION = 'v1.36.3'
const LEASE_SECONDS_LEAST = 1

const iso = (ms: number): string => new Date(ms).toISOString()
/** Times of Nodes have whole seconds, those of Leases microseconds. */
const toSeconds = (ms: number): string => `${iso(ms).slice(0, 19)}Z`
const toMicros = (ms: number): string => iso(ms).replace('Z', '000Z')

/**
 * Registers the node, or takes over the one of that name, and reports it ready. Rejects when the
 * API server refuses.
 */
export async function registerNode(heartbeat: Heartbeat): Promise<void> {
  const { api, node } = heartbeat
  const labels = {
    'kubernetes.io/hostname': node.name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': process.arch === 'arm64' ? 'arm64' : 'amd64',
    ...node.labels,
  }
  const body = { apiVersion: 'v1', kind: 'Node', metadata: { name: node.name, labels } }
  const created = await api.call({ method: 'POST', path: '/api/v1/nodes', body })
  if (created.status === 409) {
    const path = `/api/v1/nodes/${node.name}`
    await api.call({ method: 'PATCH', path, body: { metadata: { labels } } })
  } else if (created.status !== 201) {
    throw new Error(`node ${node.name} cannot be registered: ${formatApiRefusal(created)}`)
  }
  await renewLease(heartbeat)
  await writeNodeStatus(heartbeat)
}

/** Deletes a node. An unreachable API server keeps it. */
export async function removeNode(
  { api, log }: Pick<Heartbeat, 'api' | 'log'>,
  { name }: NodeSpec,
): Promise<void> {
  try {
    await api.call({ method: 'DELETE', path: `/api/v1/nodes/${name}` })
  } catch (error) {
    log(`node ${name}: not removed: ${String(error)}`)
  }
}

/**
 * Renews Lease and status of a node until the signal aborts. Retries while the API server is
 * unreachable.
 */
export async function keepAlive(heartbeat: Heartbeat, signal: AbortSignal): Promise<void> {
  const every = async (periodMs: number, act: (heartbeat: Heartbeat) => Promise<void>) => {
    while (!signal.aborted) {
      await heartbeat.delay(periodMs, signal)
      if (!signal.aborted) await attempt(heartbeat, act)
    }
  }
  await Promise.all([
    every(heartbeat.leaseMs, renewLease),
    every(heartbeat.statusMs, writeNodeStatus),
  ])
}

async function attempt(
  heartbeat: Heartbeat,
  act: (heartbeat: Heartbeat) => Promise<void>,
): Promise<void> {
  try {
    await act(heartbeat)
  } catch (error) {
    heartbeat.log(`node ${heartbeat.node.name}: no heartbeat: ${String(error)}`)
  }
}

async function renewLease({ api, node, leaseMs, nowMs }: Heartbeat): Promise<void> {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
  const spec = {
    holderIdentity: node.name,
    leaseDurationSeconds: Math.max(LEASE_SECONDS_LEAST, Math.round((leaseMs * 4) / 1000)),
    renewTime: toMicros(nowMs()),
  }
  const path = `${leases}/${node.name}`
  const contentType = 'application/merge-patch+json'
  const renewed = await api.call({ method: 'PATCH', path, body: { spec }, contentType })
  if (renewed.status === 200) return
  if (renewed.status !== 404) throw new Error(formatApiRefusal(renewed))
  const created = await api.call({
    method: 'POST',
    path: leases,
    body: {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: node.name, namespace: 'kube-node-lease' },
      spec,
    },
  })
  if (created.status !== 201) throw new Error(formatApiRefusal(created))
}

async function writeNodeStatus(heartbeat: Heartbeat): Promise<void> {
  const path = `/api/v1/nodes/${heartbeat.node.name}/status`
  const body = { status: nodeStatus(heartbeat) }
  const written = await heartbeat.api.call({ method: 'PATCH', path, body })
  if (written.status !== 200) throw new Error(formatApiRefusal(written))
}

const CONDITIONS = [
  ['Ready', 'True', 'KubeletReady', 'the process kubelet is ready'],
  ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'memory is not looked at'],
  ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'disks are not looked at'],
  ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'processes are not counted'],
] as const

function nodeStatus({ node, port, address, nowMs, readySinceMs }: Heartbeat) {
  const now = toSeconds(nowMs())
  const capacity = {
    'nvidia.com/gpu': String(node.gpus),
    cpu: node.cpu ?? '64',
    memory: node.memory ?? '256Gi',
    'ephemeral-storage': '256Gi',
    pods: String(node.pods ?? 500),
  }
  return {
    capacity,
    allocatable: capacity,
    // No Hostname: the API server would try to resolve it first when it asks for logs.
    addresses: [{ type: 'InternalIP', address }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    nodeInfo: {
      machineID: node.name,
      systemUUID: node.name,
      bootID: node.name,
      kernelVersion: 'process',
      osImage: 'process kubelet',
      containerRuntimeVersion: 'process://1',
      kubeletVersion: VERSION,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    },
    conditions: CONDITIONS.map(([type, status, reason, message]) => ({
      type,
      status,
      reason,
      message,
      lastHeartbeatTime: now,
      lastTransitionTime: toSeconds(readySinceMs),
    })),
  }
}
