import { Agent, request } from 'node:https'

/** How to reach an API server as somebody. */
export interface ApiAccess {
  readonly url: string
  readonly ca: string
  readonly token: string
}

export interface ApiAsk {
  readonly method?: string
  readonly path: string
  readonly body?: unknown
  readonly contentType?: string
}

export interface ApiAnswer {
  readonly status: number
  readonly text: string
}

const agent = new Agent({ keepAlive: false })
const PATIENCE_MS = 30_000

/** One request to the API server; any status is an answer. Throws when the server cannot be reached. */
export function askApi({ url, ca, token }: ApiAccess, ask: ApiAsk): Promise<ApiAnswer> {
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/json',
    ...(ask.body === undefined ? {} : { 'content-type': ask.contentType ?? 'application/json' }),
  }
  const { promise, resolve, reject } = Promise.withResolvers<ApiAnswer>()
  const sent = request(new URL(ask.path, url), { method: ask.method ?? 'GET', headers, ca, agent })
  sent.setTimeout(PATIENCE_MS, () => sent.destroy(new Error(`${url}: no answer`)))
  sent.once('error', reject)
  sent.once('response', (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (part: string) => {
      text += part
    })
    response.once('error', reject)
    response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
  })
  sent.end(ask.body === undefined ? undefined : JSON.stringify(ask.body))
  return promise
}
