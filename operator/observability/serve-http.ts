import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** What is answered to GET, by path. */
export type Routes = Readonly<Record<string, () => Promise<Answer> | Answer>>

export interface Listening {
  /** 0 takes a free one. */
  readonly port: number
  /** An address of this machine; every one of them where left out. */
  readonly host?: string | undefined
}

export interface HttpServer {
  readonly port: number
  close(): Promise<void>
}

export const plainText = (status: number, text: string): Answer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${text}\n`,
})

async function answerTo({ method, url = '/' }: IncomingMessage, routes: Routes): Promise<Answer> {
  const route = routes[url.split('?')[0] ?? '/']
  if (route === undefined) return plainText(404, `GET ${Object.keys(routes).join(' or ')}`)
  if (method !== 'GET' && method !== 'HEAD') return plainText(405, 'GET only')
  return route()
}

function send(response: ServerResponse, { status, contentType, body }: Answer): void {
  response.writeHead(status, { 'content-type': contentType }).end(body)
}

/** Serves some paths. Rejects with the error of the system where the port is taken. A route that fails answers 500. */
export async function serveHttp({ port, host }: Listening, routes: Routes): Promise<HttpServer> {
  const server = createServer((request, response) => {
    answerTo(request, routes).then(
      (answer) => send(response, answer),
      (error: unknown) => send(response, plainText(500, String(error))),
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
