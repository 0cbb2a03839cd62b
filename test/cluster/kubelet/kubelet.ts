import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../../std/clock.ts'
import { type ApiAddress, connectApi } from './api-connection.ts'
import type { Images } from './container-plan.ts'
import { createDelay } from './delay.ts'
import type { Executor } from './executor.ts'
import { detectIsolation, SYSTEM_PATH } from './isolation.ts'
import { KubeletNode } from './kubelet-node.ts'
import { type ContainerLog, type LogRequest, serveLogs } from './log-server.ts'
import { type NodeSpec, removeNode } from './node-heartbeat.ts'
import { PodAddresses } from './pod-address.ts'
import type { PodLifecycle } from './pod-lifecycle.ts'
import type { Pod, PodPhase } from './pod-object.ts'
import { processExecutor } from './process-executor.ts'
import { systemClock } from './system-clock.ts'

export interface KubeletOptions {
  /** The API server, as a user who may do what a kubelet does on all of these nodes. */
  readonly api: ApiAddress
  readonly nodes: readonly NodeSpec[]
  readonly images: Images
  /** An existing folder; the kubelet removes its files from it when it closes. */
  readonly folder: string
  readonly log: (line: string) => void
  /** Processes of this machine when absent. */
  readonly executor?: Executor
  /** The clock of this machine when absent. */
  readonly clock?: Clock
  /** Names that containers resolve, for there is no DNS: `{ 'nats.neco.svc': '127.0.0.1' }`. */
  readonly hosts?: Readonly<Record<string, string>>
  /** Between two renewals of a node's Lease; 1 s when absent. */
  readonly leaseMs?: number
  /** Between two reports of a node's status; 2 s when absent. */
  readonly statusMs?: number
  /** Between two tries to pull an image or to find a missing object; 1 s when absent. */
  readonly retryMs?: number
  /**
   * First and longest wait before an ended container is started again; 0.5 s and 5 s when absent.
   */
  readonly backOff?: { readonly firstMs: number; readonly mostMs: number }
}

/** A pod that the kubelet knows. */
export interface KubeletPod {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly node: string
  readonly phase: PodPhase
  readonly podIp: string
}

export interface Kubelet {
  /** The pods that are bound to its nodes now. */
  readonly pods: () => readonly KubeletPod[]
  /**
   * Disconnects a node: no heartbeat, no status of its pods, which continue to run. Throws for an
   * unknown node.
   */
  readonly stopHeartbeat: (node: string) => void
  /** Reconnects the node. Throws for an unknown node. */
  readonly startHeartbeat: (node: string) => Promise<void>
  /**
   * Kills all containers without a request to the API server, and removes files and nodes, or
   * leaves them as after a crash.
   */
  readonly close: (nodes?: 'Remove' | 'Keep') => Promise<void>
}

const ADDRESS = '127.0.0.1'

/**
 * Starts a kubelet that runs the containers of its nodes' pods as processes of this machine, or by
 * a script. Rejects when a node cannot be registered.
 */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { folder, log, images, clock = systemClock } = options
  const delay = createDelay(clock)
  const api = connectApi(options.api)
  const closed = new AbortController()
  await mkdir(folder, { recursive: true })
  const nodes: KubeletNode[] = []
  const logs = await serveLogs({ address: ADDRESS, delay, find: (asked) => findLog(nodes, asked) })
  const ports = {
    api,
    clock,
    delay,
    log,
    images,
    folder,
    executor: options.executor ?? (await machineExecutor(clock)),
    addresses: new PodAddresses(folder),
    closed: closed.signal,
    address: ADDRESS,
    port: logs.port,
    baseEnvironment: baseEnvironment(options.api),
    hosts: options.hosts ?? {},
    leaseMs: options.leaseMs ?? 1000,
    statusMs: options.statusMs ?? 2000,
    retryMs: options.retryMs ?? 1000,
    backOff: options.backOff ?? { firstMs: 500, mostMs: 5000 },
  }
  nodes.push(...options.nodes.map((spec) => new KubeletNode(spec, ports)))
  const close = async (after: 'Remove' | 'Keep' = 'Remove') => {
    closed.abort()
    // Pending requests fail now, also at an API server that never answers.
    api.close()
    await Promise.all(nodes.map((node) => node.close()))
    await logs.close()
    if (after === 'Remove') await Promise.all(nodes.map((node) => removeNode(ports, node.spec)))
    await rm(join(folder, 'pods'), { recursive: true, force: true })
    api.close()
  }
  try {
    await Promise.all(nodes.map((node) => node.open()))
  } catch (error) {
    await close()
    throw error
  }
  return {
    pods: () => nodes.flatMap((node) => node.pods.map((life) => describePod(life, node))),
    stopHeartbeat: (name) => findNode(nodes, name).cut(),
    startHeartbeat: (name) => findNode(nodes, name).restore(),
    close,
  }
}

const machineExecutor = async (clock: Clock): Promise<Executor> =>
  processExecutor({ isolation: await detectIsolation(), clock, nodePath: process.execPath })

/** Variables of every container: PATH, and the API server's address as in a real cluster. */
function baseEnvironment({ url }: ApiAddress): Readonly<Record<string, string>> {
  const { hostname, port } = new URL(url)
  return {
    PATH: SYSTEM_PATH,
    HOME: '/',
    KUBERNETES_SERVICE_HOST: hostname,
    KUBERNETES_SERVICE_PORT: port,
    KUBERNETES_SERVICE_PORT_HTTPS: port,
  }
}

function findNode(nodes: readonly KubeletNode[], name: string): KubeletNode {
  const found = nodes.find(({ spec }) => spec.name === name)
  if (found === undefined) throw new Error(`the kubelet has no node ${name}`)
  return found
}

const isNamed = (pod: Pod, { namespace, pod: name }: LogRequest): boolean =>
  pod.metadata.namespace === namespace && pod.metadata.name === name

function findLog(nodes: readonly KubeletNode[], asked: LogRequest): ContainerLog | undefined {
  const lives = nodes.flatMap(({ pods }) => pods)
  const life = lives.findLast(({ pod }) => isNamed(pod, asked))
  const path = life?.logPath(asked.container, asked.isPrevious ? 1 : 0)
  if (life === undefined || path === undefined) return undefined
  return { path, isOpen: () => !asked.isPrevious && life.isLogOpen(asked.container) }
}

const describePod = ({ pod, status }: PodLifecycle, { spec }: KubeletNode): KubeletPod => ({
  name: pod.metadata.name,
  namespace: pod.metadata.namespace,
  uid: pod.metadata.uid,
  node: spec.name,
  phase: status?.phase ?? pod.status?.phase ?? 'Pending',
  podIp: status?.podIP ?? '',
})
