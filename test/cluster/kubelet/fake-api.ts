import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { makeAuthority } from '../testbed/certificate.ts'
import type { ApiAddress } from './api-connection.ts'
import type { Pod, PodCondition, PodStatus } from './pod-object.ts'

type Stored = Pod & { readonly metadata: Pod['metadata'] & { readonly resourceVersion: string } }
type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED'

/**
 * The part of an API server that a kubelet uses, in memory: pods with a watch, other objects as
 * given.
 */
export interface FakeApi {
  readonly address: ApiAddress
  readonly createPod: (name: string, spec: Pod['spec'], metadata?: Partial<Pod['metadata']>) => Pod
  readonly pod: (name: string) => Pod | undefined
  /** Deletes a pod as a user does, with its grace period. */
  readonly deletePod: (name: string, graceSeconds: number) => void
  /** Any other object by its path. */
  readonly put: (path: string, body: object) => void
  readonly get: (path: string) => unknown
  /** Resolves with the pod once it is as wanted; `undefined` is a pod that is gone. */
  readonly until: <T extends Pod | undefined>(
    name: string,
    holds: (pod: Pod | undefined) => pod is T,
  ) => Promise<T>
  /** Status patches of a pod so far. */
  readonly patches: (name: string) => readonly PodStatus[]
  /** Cuts every connection, and new ones at once, until it is back. */
  readonly setAway: (isAway: boolean) => void
  readonly close: () => Promise<void>
}

interface Request {
  readonly method: string
  readonly url: URL
  readonly body: Record<string, unknown>
  readonly response: ServerResponse
}

/** Starts it on a free port. `folder` gets its CA file. */
export async function startFakeApi(folder: string): Promise<FakeApi> {
  const store = new PodStore()
  const others = new Map<string, object>()
  const authority = makeAuthority('fake-api')
  const caFile = `${folder}/ca.pem`
  await writeFile(caFile, authority.certPem)
  const { certPem, keyPem } = authority.issue('api', ['127.0.0.1'])
  let isAway = false
  const server = createServer({ cert: certPem, key: keyPem }, (incoming, response) => {
    if (isAway) {
      response.destroy()
      return
    }
    void readBody(incoming).then((body) => {
      const url = new URL(incoming.url ?? '/', 'https://fake')
      answer({ method: incoming.method ?? 'GET', url, body, response }, store, others)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    address: { url: `https://127.0.0.1:${port}`, caFile, token: 'token' },
    createPod: (name, spec, metadata) => store.create(name, spec, metadata),
    pod: (name) => store.get(name),
    deletePod: (name, graceSeconds) => store.askToDelete(name, graceSeconds),
    put: (path, body) => void others.set(path, body),
    get: (path) => others.get(path),
    until: (name, holds) => store.until(name, holds),
    patches: (name) => store.patches.get(name) ?? [],
    setAway: (away) => {
      isAway = away
      if (away) server.closeAllConnections()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function readBody(incoming: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of incoming) text += String(chunk)
  return text === '' ? {} : JSON.parse(text)
}

const POD_PATH = /^\/api\/v1\/namespaces\/default\/pods\/([^/]+)(\/status)?$/

function answer(request: Request, store: PodStore, others: Map<string, object>): void {
  const { url, response } = request
  const [, pod] = POD_PATH.exec(url.pathname) ?? []
  if (url.pathname === '/api/v1/pods') answerPods(request, store)
  else if (pod !== undefined) answerPod(request, pod, store)
  else {
    const [status, body] = answerOther(request, others)
    send(response, status, body)
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function answerPods({ url, response }: Request, store: PodStore): void {
  const node = url.searchParams.get('fieldSelector')?.replace('spec.nodeName=', '')
  const isHere = (pod: Pod) => pod.spec.nodeName === node
  if (url.searchParams.get('watch') !== 'true') {
    const metadata = { resourceVersion: store.version() }
    send(response, 200, { metadata, items: store.all().filter(isHere) })
    return
  }
  response.writeHead(200, { 'content-type': 'application/json' })
  const tell = (type: ChangeType, pod: Stored) => {
    if (isHere(pod)) response.write(`${JSON.stringify({ type, object: pod })}\n`)
  }
  store.replay(Number(url.searchParams.get('resourceVersion')), tell)
  store.changes.on('change', tell)
  response.on('close', () => store.changes.off('change', tell))
}

function answerPod({ method, body, response }: Request, name: string, store: PodStore): void {
  const pod = store.get(name)
  if (method === 'PATCH' && pod !== undefined) store.patchStatus(name, body['status'] as PodStatus)
  if (method === 'DELETE' && pod !== undefined) store.remove(name)
  send(response, pod === undefined ? 404 : 200, pod ?? { message: 'not found' })
}

function answerOther(
  { method, url, body }: Request,
  others: Map<string, object>,
): readonly [number, unknown] {
  const found = others.get(url.pathname)
  if (method === 'POST') {
    const { name } = (body['metadata'] ?? {}) as { name?: string }
    const path = `${url.pathname}/${name ?? randomUUID()}`
    if (others.has(path)) return [409, { message: 'exists' }]
    others.set(path, body)
    return [201, body]
  }
  if (method === 'DELETE') others.delete(url.pathname)
  if (method === 'PATCH' && (found !== undefined || url.pathname.endsWith('/status'))) {
    others.set(url.pathname, { ...found, ...body })
    return [200, body]
  }
  return found === undefined ? [404, { message: 'not found' }] : [200, found]
}

class PodStore {
  readonly changes = new EventEmitter<{ change: [ChangeType, Stored] }>()
  readonly patches = new Map<string, PodStatus[]>()
  readonly #pods = new Map<string, Stored>()
  readonly #history: (readonly [ChangeType, Stored])[] = []
  #version = 0

  version = (): string => String(this.#version)
  all = (): readonly Stored[] => [...this.#pods.values()]
  get = (name: string): Stored | undefined => this.#pods.get(name)

  create(name: string, spec: Pod['spec'], more: Partial<Pod['metadata']> = {}): Pod {
    const metadata = { name, namespace: 'default', uid: randomUUID(), ...more }
    return this.#set('ADDED', { metadata, spec })
  }

  askToDelete(name: string, graceSeconds: number): void {
    const pod = this.#known(name)
    const deletion = { deletionTimestamp: 'now', deletionGracePeriodSeconds: graceSeconds }
    this.#set('MODIFIED', { ...pod, metadata: { ...pod.metadata, ...deletion } })
  }

  /** Conditions are merged by type, as the real server does. */
  patchStatus(name: string, patch: PodStatus): void {
    const pod = this.#known(name)
    this.patches.set(name, [...(this.patches.get(name) ?? []), patch])
    const types = new Set(patch.conditions?.map(({ type }) => type))
    const others = (pod.status?.conditions ?? []).filter(({ type }) => !types.has(type))
    const conditions: PodCondition[] = [...others, ...(patch.conditions ?? [])]
    this.#set('MODIFIED', { ...pod, status: { ...pod.status, ...patch, conditions } })
  }

  remove(name: string): void {
    const pod = this.#known(name)
    this.#pods.delete(name)
    this.#tell('DELETED', this.#versioned(pod))
  }

  replay(version: number, tell: (type: ChangeType, pod: Stored) => void): void {
    for (const [type, pod] of this.#history) {
      if (Number(pod.metadata.resourceVersion) > version) tell(type, pod)
    }
  }

  until<T extends Pod | undefined>(
    name: string,
    holds: (pod: Pod | undefined) => pod is T,
  ): Promise<T> {
    return new Promise((resolve) => {
      const look = () => {
        const pod: Pod | undefined = this.#pods.get(name)
        if (!holds(pod)) return
        this.changes.off('change', look)
        resolve(pod)
      }
      this.changes.on('change', look)
      look()
    })
  }

  #known(name: string): Stored {
    const pod = this.#pods.get(name)
    if (pod === undefined) throw new Error(`no pod ${name}`)
    return pod
  }

  #versioned(pod: Pod): Stored {
    this.#version += 1
    return { ...pod, metadata: { ...pod.metadata, resourceVersion: String(this.#version) } }
  }

  #set(type: ChangeType, pod: Pod): Stored {
    const stored = this.#versioned(pod)
    this.#pods.set(pod.metadata.name, stored)
    this.#tell(type, stored)
    return stored
  }

  #tell(type: ChangeType, pod: Stored): void {
    this.#history.push([type, pod])
    this.changes.emit('change', type, pod)
  }
}
