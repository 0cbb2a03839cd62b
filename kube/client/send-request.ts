import type { ClientRequest, IncomingMessage } from 'node:http'
import { omitUndefined } from '../../std/omit-undefined.ts'
import type { ApiEndpoint } from './api-endpoint.ts'
import type { ApiRequest } from './api-request.ts'

/** The request was not sent: the write gate is closed. */
export class WriteGateClosedError extends Error {}
/** The connection had been kept alive and was closed just as it was used again. */
export class StaleConnectionError extends Error {}

function buildRequestPath({ path, query = {} }: ApiRequest): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value))
  }
  return parameters.size === 0 ? path : `${path}?${parameters}`
}

const CONNECTION_RESET_CODES = new Set(['ECONNRESET', 'EPIPE'])

function toSendError(outgoing: ClientRequest, error: Error & { readonly code?: string }): Error {
  const isStale = outgoing.reusedSocket && CONNECTION_RESET_CODES.has(error.code ?? '')
  return isStale ? new StaleConnectionError(error.message, { cause: error }) : error
}

const buildBodyHeaders = (body: string | undefined, contentType = 'application/json') =>
  body === undefined
    ? {}
    : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }

/**
 * Sends a request once, unless its gate is closed, and gives the answer as soon as its head has
 * come.
 */
export async function sendRequest(
  endpoint: ApiEndpoint,
  request: ApiRequest,
  { userAgent, signal }: { readonly userAgent?: string; readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  const body = request.body === undefined ? undefined : JSON.stringify(request.body)
  const headers = {
    accept: 'application/json',
    ...omitUndefined({ 'user-agent': userAgent }),
    ...buildBodyHeaders(body, request.contentType),
  }
  const outgoing = await endpoint.open(buildRequestPath(request), {
    method: request.method,
    headers,
    signal,
  })
  return new Promise((resolve, reject) => {
    outgoing.on('response', resolve)
    outgoing.on('error', (error) => reject(toSendError(outgoing, error)))
    if (request.gate?.isOpen() === false) outgoing.destroy(new WriteGateClosedError())
    else outgoing.end(body)
  })
}

/** The whole body of an answer. */
export async function readBody(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8')
  let text = ''
  for await (const chunk of response) text += chunk
  return text
}

/** The lines of a body as they come. */
export async function* readBodyLines(response: IncomingMessage): AsyncGenerator<string> {
  response.setEncoding('utf8')
  let rest = ''
  for await (const chunk of response) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}
