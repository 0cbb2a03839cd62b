import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import { FakeApiError, type FakeEvent, type FakeObject, FakeObjects } from './fake-objects.ts'

export interface FakeRequest {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly contentType: string | undefined
  readonly body: unknown
}

/**
 * A fault instead of a normal response: a status, a 404 for an unknown path, no response at all, or
 * a lost connection.
 */
export type FakeApiFault =
  | {
      readonly status: number
      readonly reason: string
      readonly message?: string
      readonly retryAfterSeconds?: number
      readonly details?: object
    }
  | 'unserved'
  | 'hang'
  | 'reset'

type RequestMatcher = (request: FakeRequest) => boolean
interface Watch {
  readonly collection: string
  readonly namespace: string | undefined
  readonly response: ServerResponse
}
interface Target {
  readonly collection: string
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly isStatus: boolean
}

const PATH =
  /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(\/status)?$/

function parseRequestTarget(path: string): Target {
  const [, root, namespace, plural, name, status] = PATH.exec(path) ?? []
  if (root === undefined) throw new FakeApiError(404, 'NotFound')
  const isStatus = status !== undefined
  return { collection: `${root}/${plural}`, namespace, name, isStatus }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** RFC 7386. */
function mergePatch(old: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const merged: Record<string, unknown> = isObject(old) ? { ...old } : {}
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field]
    else merged[field] = mergePatch(merged[field], value)
  }
  return merged
}

async function readFakeRequest(request: IncomingMessage): Promise<FakeRequest> {
  let text = ''
  for await (const chunk of request) text += chunk
  const url = new URL(request.url ?? '/', 'http://fake')
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    contentType: request.headers['content-type'],
    body: text === '' ? undefined : JSON.parse(text),
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

const statusBody = (code: number, reason: string, details?: object): object => ({
  kind: 'Status',
  code,
  reason,
  message: `${reason} says the fake`,
  details,
})

/**
 * An API server in memory on a real socket: pages, watches with bookmarks, 410, preconditions,
 * owners, and injected faults. It stores any kind and has no schema.
 */
export class FakeApiServer {
  readonly requests: FakeRequest[] = []
  /** The Authorization header of each request. */
  readonly authorizations: (string | undefined)[] = []
  /** What is answered to GET at a path that is no collection, such as discovery. */
  readonly documents = new Map<string, object>()
  readonly objects = new FakeObjects((event) => this.#notifyWatches(event))
  readonly #server = createServer((request, response) => void this.#serve(request, response))
  readonly #sockets = new Set<Socket>()
  readonly #watches = new Set<Watch>()
  readonly #faults = new Set<{ readonly matches: RequestMatcher; readonly fault: FakeApiFault }>()
  readonly #listeners = new Set<(request: FakeRequest) => void>()
  readonly #pages = new Map<string, { items: readonly FakeObject[]; version: number }>()
  #oldestVersion = 0

  async listen(): Promise<void> {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  get kubeConfig(): KubeConfig {
    const { port } = this.#server.address() as AddressInfo
    const config = new KubeConfig()
    config.loadFromOptions({
      clusters: [{ name: 'fake', server: `http://127.0.0.1:${port}`, skipTLSVerify: true }],
      users: [{ name: 'me', token: 'secret' }],
      contexts: [{ name: 'fake', cluster: 'fake', user: 'me' }],
      currentContext: 'fake',
    })
    return config
  }

  /** Injects a fault into every matching request, until the returned function is called. */
  injectFault(matches: RequestMatcher, fault: FakeApiFault): () => void {
    const entry = { matches, fault }
    this.#faults.add(entry)
    return () => this.#faults.delete(entry)
  }

  /** Resolves with the next request that matches, when it comes. */
  waitForRequest(matches: RequestMatcher): Promise<FakeRequest> {
    return new Promise((resolve) => {
      const listen = (request: FakeRequest) => {
        if (!matches(request)) return
        this.#listeners.delete(listen)
        resolve(request)
      }
      this.#listeners.add(listen)
    })
  }

  /** Ends all watches gracefully, or by closing their connections. */
  endWatches(how: 'end' | 'reset'): void {
    for (const { response } of this.#watches) {
      if (how === 'end') response.end()
      else response.socket?.destroy()
    }
    this.#watches.clear()
  }

  /** Sends all watches a line. */
  sendWatchLine(line: object): void {
    for (const { response } of this.#watches) response.write(`${JSON.stringify(line)}\n`)
  }

  bookmark(): void {
    const metadata = { resourceVersion: String(this.objects.version) }
    this.sendWatchLine({ type: 'BOOKMARK', object: { metadata } })
  }

  /** Forgets all history: a watch from an older version gets 410. */
  expireHistory(): void {
    this.#oldestVersion = this.objects.version
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readFakeRequest(incoming)
    this.requests.push(request)
    this.authorizations.push(incoming.headers.authorization)
    for (const listen of this.#listeners) listen(request)
    const document = this.documents.get(request.path)
    const faulty = [...this.#faults].find(({ matches }) => matches(request))
    try {
      if (faulty !== undefined) this.#sendFault(response, faulty.fault)
      else if (document !== undefined) sendJson(response, 200, document)
      else this.#respond(request, response)
    } catch (error) {
      if (!(error instanceof FakeApiError)) throw error
      sendJson(response, error.status, statusBody(error.status, error.reason))
    }
  }

  #sendFault(response: ServerResponse, fault: FakeApiFault): void {
    if (fault === 'hang') return
    if (fault === 'reset') {
      response.socket?.destroy()
      return
    }
    if (fault === 'unserved') {
      response.writeHead(404, { 'content-type': 'text/plain' })
      response.end('404 page not found\n')
      return
    }
    const { status, reason, message, retryAfterSeconds, details } = fault
    if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds)
    const body = statusBody(status, reason, details)
    sendJson(response, status, message === undefined ? body : { ...body, message })
  }

  #respond(request: FakeRequest, response: ServerResponse): void {
    const target = parseRequestTarget(request.path)
    const { collection, namespace, name } = target
    const key = `${namespace ?? ''}/${name}`
    if (request.query['watch'] === 'true') this.#watch(request, target, response)
    else if (request.method === 'POST') {
      sendJson(response, 201, this.objects.create(collection, request.body as FakeObject))
    } else if (name === undefined) sendJson(response, 200, this.#list(request, target))
    else if (request.method === 'GET') sendJson(response, 200, this.objects.get(collection, key))
    else if (request.method === 'DELETE') {
      const { uid } = this.objects.delete(collection, key).metadata
      sendJson(response, 200, { kind: 'Status', status: 'Success', details: { uid } })
    } else
      sendJson(response, 200, this.objects.write(collection, key, this.#change(request, target)))
  }

  /**
   * The part of an object that a PUT or PATCH replaces. An apply counts as that of the only
   * manager.
   */
  #change(request: FakeRequest, { collection, namespace, name, isStatus }: Target) {
    const isMerge = request.contentType === 'application/merge-patch+json'
    const old = isMerge ? this.objects.get(collection, `${namespace ?? ''}/${name}`) : undefined
    const { metadata, ...rest } = request.body as FakeObject
    if (isStatus) return { metadata, status: rest.status }
    const { status: _ownSubresource, ...body } = rest
    return { ...(isMerge ? (mergePatch(old, body) as FakeObject) : body), metadata }
  }

  #list({ query }: FakeRequest, { collection, namespace }: Target): object {
    const limit = Number(query['limit'] ?? Number.POSITIVE_INFINITY)
    const { version, items } = this.#pages.get(query['continue'] ?? '') ?? {
      version: this.objects.version,
      items: this.objects.list(collection, namespace),
    }
    if (query['continue'] !== undefined && version < this.#oldestVersion) {
      throw new FakeApiError(410, 'Expired')
    }
    const rest = items.slice(limit)
    const token = rest.length === 0 ? undefined : `page-${this.#pages.size}`
    if (token !== undefined) this.#pages.set(token, { items: rest, version })
    const metadata = { resourceVersion: String(version), continue: token }
    return { metadata, items: items.slice(0, limit) }
  }

  #watch({ query }: FakeRequest, target: Target, response: ServerResponse): void {
    const { collection, namespace } = target
    const from = Number(query['resourceVersion'])
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (from < this.#oldestVersion) {
      const object = statusBody(410, 'Expired')
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`)
      return
    }
    const watch = { collection, namespace, response }
    this.#watches.add(watch)
    response.on('close', () => this.#watches.delete(watch))
    for (const event of this.objects.history) if (event.version > from) send(watch, event)
  }

  #notifyWatches(event: FakeEvent): void {
    for (const watch of this.#watches) send(watch, event)
  }
}

function send(
  { collection, namespace, response }: Watch,
  { type, object, ...event }: FakeEvent,
): void {
  if (event.collection !== collection) return
  if (namespace !== undefined && object.metadata.namespace !== namespace) return
  response.write(`${JSON.stringify({ type, object })}\n`)
}
