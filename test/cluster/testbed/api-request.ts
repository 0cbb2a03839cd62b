import { Agent, request } from 'node:https'

/** How to reach an API server as a user. */
export interface ApiAccess {
  readonly url: string
  readonly ca: string
  readonly token: string
}

export interface TestApiRequest {
  readonly method?: string
  readonly path: string
  readonly body?: unknown
  readonly contentType?: string
}

export interface TestApiResponse {
  readonly status: number
  readonly text: string
}

const agent = new Agent({ keepAlive: false })
const REQUEST_TIMEOUT_MS = 30_000

/** One request to the API server; resolves at any status. Throws when the server is unreachable. */
export function sendTestApiRequest(
  { url, ca, token }: ApiAccess,
  apiRequest: TestApiRequest,
): Promise<TestApiResponse> {
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/json',
    ...(apiRequest.body === undefined
      ? {}
      : { 'content-type': apiRequest.contentType ?? 'application/json' }),
  }
  const { promise, resolve, reject } = Promise.withResolvers<TestApiResponse>()
  const sent = request(new URL(apiRequest.path, url), {
    method: apiRequest.method ?? 'GET',
    headers,
    ca,
    agent,
  })
  sent.setTimeout(REQUEST_TIMEOUT_MS, () => sent.destroy(new Error(`${url}: no answer`)))
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
  sent.end(apiRequest.body === undefined ? undefined : JSON.stringify(apiRequest.body))
  return promise
}
