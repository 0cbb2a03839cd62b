import { readFileSync } from 'node:fs'
import { Agent, type RequestOptions, request } from 'node:https'

export interface ApiAddress {
  /** `https://host:port` of the API server. */
  readonly url: string
  readonly caFile: string
  readonly token: string
}

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  /** For PATCH: `application/strategic-merge-patch+json` when absent. */
  readonly contentType?: string
}

/** A response of any status; only an unreachable server is an error. */
export interface ApiResponse {
  readonly status: number
  readonly body: unknown
}

export interface ApiConnection {
  /** Sends one request. Rejects when the server is unreachable or the body is no JSON. */
  readonly call: (call: ApiCall) => Promise<ApiResponse>
  /**
   * Reads a watch, one call of `onLine` an event, until it ends or `signal` aborts. Rejects when it
   * cannot be opened.
   */
  readonly watch: (
    path: string,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ) => Promise<void>
  readonly close: () => void
}

/** How long one request may take before the server counts as unreachable. */
const CALL_TIMEOUT_MS = 15_000
/** A watch is silent between changes; the server itself ends it earlier than this. */
const WATCH_IDLE_MS = 360_000

const chooseContentType = ({ method, contentType }: ApiCall): string =>
  contentType ??
  (method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json')

/**
 * Opens a connection to the API server with a bearer token. Throws when the CA file cannot be read.
 */
export function connectApi({ url, caFile, token }: ApiAddress): ApiConnection {
  const ca = readFileSync(caFile)
  const agent = new Agent({ keepAlive: true, maxSockets: 16, ca })
  const watchAgent = new Agent({ keepAlive: false, ca })
  const buildRequestOptions = (call: ApiCall): RequestOptions => ({
    method: call.method,
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      ...(call.body === undefined ? {} : { 'content-type': chooseContentType(call) }),
    },
  })
  return {
    call: (call) =>
      sendCall(new URL(call.path, url), { ...buildRequestOptions(call), agent }, call.body),
    watch: (path, onLine, signal) => {
      const options = { ...buildRequestOptions({ method: 'GET', path }), agent: watchAgent, signal }
      return readLines(new URL(path, url), options, onLine)
    },
    close: () => {
      agent.destroy()
      watchAgent.destroy()
    },
  }
}

function sendCall(url: URL, options: RequestOptions, body: unknown): Promise<ApiResponse> {
  const text = body === undefined ? '' : JSON.stringify(body)
  // Node sets no Content-Length on the body of a DELETE by itself.
  const headers = { ...options.headers, 'content-length': Buffer.byteLength(text) }
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, headers, timeout: CALL_TIMEOUT_MS }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('error', reject)
      answer.on('end', () => {
        resolve({
          status: answer.statusCode ?? 0,
          body: parseOrText(String(Buffer.concat(chunks))),
        })
      })
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer from ${url.host}`)))
    sent.on('error', reject)
    sent.end(text)
  })
}

function parseOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function readLines(
  url: URL,
  options: RequestOptions,
  onLine: (line: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, timeout: WATCH_IDLE_MS }, (answer) => {
      if (answer.statusCode !== 200) {
        answer.resume()
        reject(new Error(`${url.pathname} answered ${answer.statusCode}`))
        return
      }
      answer.setEncoding('utf8')
      let rest = ''
      answer.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) if (line !== '') onLine(line)
      })
      answer.on('error', reject)
      answer.on('end', resolve)
    })
    sent.on('timeout', () => sent.destroy(new Error('the watch was silent for too long')))
    sent.on('error', reject)
    sent.end()
  })
}

/** The message of a refused request, in one line. */
export function formatApiRefusal({ status, body }: ApiResponse): string {
  const message =
    typeof body === 'object' && body !== null && 'message' in body ? body.message : body
  return `${status} ${String(message)}`
}
