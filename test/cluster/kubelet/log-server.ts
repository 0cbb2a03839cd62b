import { type FileHandle, open } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { makeAuthority } from '../testbed/certificate.ts'
import type { Delay } from './delay.ts'

/** The log of a container as the kubelet knows it. */
export interface ContainerLog {
  readonly path: string
  /** Whether the container still runs. */
  readonly isOpen: () => boolean
}

export interface LogRequest {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly isPrevious: boolean
}

interface LogPorts {
  readonly address: string
  readonly find: (request: LogRequest) => ContainerLog | undefined
  readonly delay: Delay
}

export interface LogServer {
  readonly port: number
  readonly close: () => Promise<void>
}

const LOOK_EVERY_MS = 100
const CHUNK_BYTES = 65_536
const PATH = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/

/**
 * Serves container logs over HTTPS, as the API server asks a kubelet for them on behalf of `kubectl
 * logs`.
 */
export async function serveLogs(ports: LogPorts): Promise<LogServer> {
  const { certPem, keyPem } = makeAuthority('process-kubelet').issue('kubelet', [ports.address])
  const closed = new AbortController()
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    const url = new URL(request.url ?? '/', 'https://kubelet')
    answerLogRequest(url, response, { ...ports, closed: closed.signal }).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, ports.address, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      closed.abort()
      return closeServer(server)
    },
  }
}

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

interface LogServerContext extends LogPorts {
  readonly closed: AbortSignal
}

async function answerLogRequest(
  url: URL,
  response: ServerResponse,
  asked: LogServerContext,
): Promise<void> {
  const [, namespace, pod, container] = PATH.exec(decodeURIComponent(url.pathname)) ?? []
  if (namespace === undefined || pod === undefined || container === undefined) {
    response.writeHead(404).end('the process kubelet serves /containerLogs only\n')
    return
  }
  const isPrevious = url.searchParams.get('previous') === 'true'
  const log = asked.find({ namespace, pod, container, isPrevious })
  if (log === undefined) {
    const which = isPrevious ? 'previous terminated container' : 'container'
    response.writeHead(400).end(`${which} "${container}" in pod "${pod}" has no log\n`)
    return
  }
  response.writeHead(200, { 'content-type': 'text/plain' })
  await sendLog(log, { url, response, asked })
  response.end()
}

interface LogTransfer {
  readonly url: URL
  readonly response: ServerResponse
  readonly asked: LogServerContext
}

async function sendLog(log: ContainerLog, { url, response, asked }: LogTransfer): Promise<void> {
  const file = await open(log.path)
  try {
    let position = await findTailStart(file, url.searchParams.get('tailLines'))
    const follows = url.searchParams.get('follow') === 'true'
    for (;;) {
      // Read before the log, so that the last lines of a container that ends meanwhile are not
      // missed.
      const goesOn = follows && log.isOpen() && !asked.closed.aborted && !response.destroyed
      position = await sendFrom(file, position, response)
      if (!goesOn) return
      await asked.delay(LOOK_EVERY_MS, asked.closed)
    }
  } finally {
    await file.close()
  }
}

/** Offset of the last lines. */
async function findTailStart(file: FileHandle, tailLines: string | null): Promise<number> {
  if (tailLines === null) return 0
  const { size } = await file.stat()
  const { buffer } = await file.read(Buffer.alloc(size), 0, size, 0)
  return tailStart(buffer, Number(tailLines))
}

/** Offset in bytes at which the last `lines` lines of a log begin. */
export function tailStart(log: Buffer, lines: number): number {
  if (lines <= 0) return log.length
  let from = log.at(-1) === 10 ? log.length - 1 : log.length
  for (let left = lines; left > 0; left--) {
    from = from === 0 ? -1 : log.lastIndexOf(10, from - 1)
    if (from === -1) return 0
  }
  return from + 1
}

async function sendFrom(file: FileHandle, from: number, response: ServerResponse): Promise<number> {
  let position = from
  for (;;) {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(CHUNK_BYTES),
      0,
      CHUNK_BYTES,
      position,
    )
    if (bytesRead === 0) return position
    position += bytesRead
    response.write(buffer.subarray(0, bytesRead))
  }
}
