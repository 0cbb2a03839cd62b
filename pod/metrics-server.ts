import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

export interface MetricsServerOptions {
  readonly registry: Registry
  /** The address of the pod, or of every interface. */
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
}

export interface MetricsServer {
  readonly port: number
  close(): void
}

/**
 * Serves GET /metrics and /healthz. Rejects with the error of the system where the port is taken.
 */
export async function serveMetrics({
  registry,
  host,
  port,
}: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    answer(registry, request, response).catch(() => response.destroy())
  })
  server.listen(port, host)
  await once(server, 'listening')
  // A pod whose work is done ends, whoever still scrapes it.
  server.unref()
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function answer(
  registry: Registry,
  { method, url }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = url?.split('?')[0]
  if (method !== 'GET' || (path !== '/metrics' && path !== '/healthz')) {
    response.writeHead(404).end('GET /metrics or /healthz\n')
  } else if (path === '/healthz') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n')
  } else {
    response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics())
  }
}
