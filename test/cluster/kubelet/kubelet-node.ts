import { join } from 'node:path'
import type { ApiConnection } from './api-connection.ts'
import { type Heartbeat, keepAlive, type NodeSpec, registerNode } from './node-heartbeat.ts'
import { NodeLink } from './node-link.ts'
import type { PodAddresses } from './pod-address.ts'
import { PodLifecycle, type PodPorts } from './pod-lifecycle.ts'
import { type Pod, toPodName } from './pod-object.ts'
import { watchPods } from './pod-watch.ts'

type SharedPorts = Omit<PodPorts, 'folder' | 'podIp' | 'hostIp'> &
  Pick<Heartbeat, 'port' | 'address' | 'leaseMs' | 'statusMs'>

export interface NodePorts extends SharedPorts {
  readonly addresses: PodAddresses
  /** Folder of the kubelet on this machine. */
  readonly folder: string
}

/** One node: its heartbeat, its connection to the API server, and its pods. */
export class KubeletNode {
  readonly spec: NodeSpec
  readonly #ports: NodePorts
  readonly #link = new NodeLink()
  readonly #api: ApiConnection
  readonly #pods = new Map<string, PodLifecycle>()
  readonly #ended = new Set<Promise<void>>()
  #beat = new AbortController()
  #tasks: Promise<unknown> = Promise.resolve()

  constructor(spec: NodeSpec, ports: NodePorts) {
    this.spec = spec
    this.#ports = ports
    this.#api = this.#link.over(ports.api)
  }

  get pods(): readonly PodLifecycle[] {
    return [...this.#pods.values()]
  }

  /**
   * Registers the node and begins to run what is bound to it. Rejects when the API server refuses.
   */
  async open(): Promise<void> {
    await registerNode(this.#heartbeat())
    this.#begin()
  }

  /** Disconnects the node: no heartbeat, no watch, no status of its pods, which continue to run. */
  cut(): void {
    this.#link.cut()
    this.#beat.abort()
  }

  /** Reconnects the node: it registers, lists its pods, and writes pending statuses. */
  async restore(): Promise<void> {
    if (!this.#link.isCut) return
    await this.#tasks
    this.#link.restore()
    await registerNode(this.#heartbeat())
    this.#begin()
  }

  async close(): Promise<void> {
    this.#beat.abort()
    this.#link.close()
    for (const life of this.#pods.values()) life.kill()
    await this.#tasks
    await Promise.all(this.#ended)
  }

  #begin(): void {
    this.#beat = new AbortController()
    const { signal } = this.#beat
    this.#tasks = Promise.all([
      keepAlive(this.#heartbeat(), signal),
      watchPods({
        api: this.#api,
        node: this.spec.name,
        knownUids: () => [...this.#pods.keys()],
        onPod: (pod) => this.#see(pod),
        onGone: (uid, last) => this.#pods.get(uid)?.vanish(last),
        delay: this.#ports.delay,
        log: this.#ports.log,
        signal,
      }),
    ])
  }

  #heartbeat(): Heartbeat {
    const nowMs = () => this.#ports.clock.nowMs()
    return { ...this.#ports, api: this.#api, node: this.spec, readySinceMs: nowMs(), nowMs }
  }

  #see(pod: Pod): void {
    const { uid } = pod.metadata
    const known = this.#pods.get(uid)
    if (known === undefined) this.#take(pod)
    else known.update(pod)
  }

  #take(pod: Pod): void {
    const { uid } = pod.metadata
    const { addresses, folder, address, log } = this.#ports
    const life = new PodLifecycle(pod, {
      ...this.#ports,
      api: this.#api,
      folder: join(folder, 'pods', uid),
      podIp: addresses.assign(uid),
      hostIp: address,
    })
    this.#pods.set(uid, life)
    const ended = life
      .live()
      .catch((error: unknown) => log(`${toPodName(pod)}: ${String(error)}`))
      .finally(() => {
        this.#pods.delete(uid)
        this.#ended.delete(ended)
        addresses.release(uid)
      })
    this.#ended.add(ended)
  }
}
