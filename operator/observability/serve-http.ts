import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HttpResponse {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** What is answered to GET, by path. */
export type HttpRoutes = Readonly<Record<string, () => Promise<HttpResponse> | HttpResponse>>

export interface ListenAddress {
  /** 0 takes a free one. */
  readonly port: number
  /** An address of this machine; every one of them where left out. */
  readonly host?: string | undefined
}

export interface HttpServer {
  readonly port: number
  close(): Promise<void>
}

export const buildPlainText = (status: number, text: string): HttpResponse => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${text}\n`,
})

async function handleRequest(
  { method, url = '/' }: IncomingMessage,
  routes: HttpRoutes,
): Promise<HttpResponse> {
  const route = routes[url.split('?')[0] ?? '/']
  if (route === undefined) return buildPlainText(404, `GET ${Object.keys(routes).join(' or ')}`)
  if (method !== 'GET' && method !== 'HEAD') return buildPlainText(405, 'GET only')
  return route()
}

function sendResponse(response: ServerResponse, { status, contentType, body }: HttpResponse): void {
  response.writeHead(status, { 'content-type': contentType }).end(body)
}

/**
 * Serves some paths. Rejects with the error of the system where the port is taken. A route that
 * fails answers 500.
 */
export async function serveHttp(
  { port, host }: ListenAddress,
  routes: HttpRoutes,
): Promise<HttpServer> {
  const server = createServer((request, response) => {
    handleRequest(request, routes).then(
      (answer) => sendResponse(response, answer),
      (error: unknown) => sendResponse(response, buildPlainText(500, String(error))),
    )
  })
  server.listen(port, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
