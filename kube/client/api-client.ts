import type { IncomingMessage } from 'node:http'
import { type AbortScope, createAbortScope } from '../../std/abort-scope.ts'
import type { Clock } from '../../std/clock.ts'
import { omitUndefined } from '../../std/omit-undefined.ts'
import { pause } from '../../std/pause.ts'
import type { ApiEndpoint } from './api-endpoint.ts'
import { ApiError, toApiErrorFromResponse } from './api-error.ts'
import type { ApiRequest } from './api-request.ts'
import { createTextRedactor } from './redact-texts.ts'
import {
  readBody,
  readBodyLines,
  StaleConnectionError,
  sendRequest,
  WriteGateClosedError,
} from './send-request.ts'

export interface ApiClient {
  /** The object answered with, or undefined for an empty answer. Fails with ApiError. */
  request(request: ApiRequest): Promise<unknown>
  /**
   * The lines of an answer that goes on. Fails with ApiError; leaving the loop ends the request.
   */
  stream(request: ApiRequest): AsyncIterable<string>
  /** Ends the connections kept alive. */
  close(): void
}

/** One try of a request, for metrics: the status is 0 where no answer came. */
export interface RequestResult {
  readonly verb: string
  readonly status: number
  readonly durationMs: number
}

export interface ApiClientOptions {
  readonly endpoint: ApiEndpoint
  readonly clock: Clock
  /** Who asks, for the audit log of the API server; left out, no such header is sent. */
  readonly userAgent?: string
  readonly onResult?: (answer: RequestResult) => void
}

const TIMEOUT_MS = 30_000
const MAX_ATTEMPTS = 4
/** A server that asks for a longer rest is one to report, not to wait for. */
const MAX_RETRY_AFTER_MS = 10_000

const describeRequest = ({ method, path }: ApiRequest): string => `${method} ${path}`

const buildRequestError = (request: ApiRequest, reason: string, cause: unknown): ApiError => {
  const causeMessage = cause instanceof Error ? cause.message : String(cause)
  return new ApiError({
    status: 0,
    reason,
    message: `${describeRequest(request)}: ${causeMessage}`,
    cause,
  })
}

/** The error of a try, whatever was thrown: what ended it from outside goes first. */
function toRequestError(request: ApiRequest, error: unknown, { signal }: AbortScope): ApiError {
  const thrown = signal.aborted ? signal.reason : error
  if (thrown instanceof ApiError) return thrown
  if (error instanceof WriteGateClosedError || request.gate?.signal.aborted === true) {
    return buildRequestError(request, 'NotLeading', 'not sent, another process may be the leader')
  }
  return buildRequestError(request, signal.aborted ? 'Aborted' : 'Network', thrown)
}

/** How long to wait before another try; undefined where there should be none. */
function chooseRetryDelayMs(error: unknown, attempt: number): number | undefined {
  if (!(error instanceof ApiError) || attempt >= MAX_ATTEMPTS) return undefined
  const { retryAfterMs, status } = error
  if (isStaleConnection(error)) return attempt === 1 ? 0 : undefined
  if ((status !== 429 && status !== 503) || retryAfterMs === undefined) return undefined
  return retryAfterMs <= MAX_RETRY_AFTER_MS ? retryAfterMs : undefined
}

/** The server closed a connection that was kept alive just as it was used again. */
const isStaleConnection = ({ cause }: ApiError): boolean => cause instanceof StaleConnectionError

const isSuccess = ({ statusCode = 0 }: IncomingMessage): boolean =>
  statusCode >= 200 && statusCode < 300

class HttpApiClient implements ApiClient {
  readonly #options: ApiClientOptions

  constructor(options: ApiClientOptions) {
    this.#options = options
  }

  async request(request: ApiRequest): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(request)
      } catch (error) {
        const delayMs = chooseRetryDelayMs(error, attempt)
        if (delayMs === undefined) throw error
        await pause(this.#options.clock, delayMs, request.signal)
      }
    }
  }

  async *stream(request: ApiRequest): AsyncGenerator<string> {
    const scope = this.#openScope(request)
    const stopTimer = this.#startTimeout(request, scope)
    try {
      const response = await this.#fetchResponse(request, scope)
      stopTimer()
      yield* readBodyLines(response)
    } catch (error) {
      throw toRequestError(request, error, scope)
    } finally {
      stopTimer()
      scope.end()
    }
  }

  close(): void {
    this.#options.endpoint.close()
  }

  async #attempt(request: ApiRequest): Promise<unknown> {
    const scope = this.#openScope(request)
    const stopTimer = this.#startTimeout(request, scope)
    try {
      const text = await readBody(await this.#fetchResponse(request, scope))
      return text === '' ? undefined : JSON.parse(text)
    } catch (error) {
      throw toRequestError(request, error, scope)
    } finally {
      stopTimer()
      scope.end()
    }
  }

  #openScope({ signal, gate }: ApiRequest): AbortScope {
    return createAbortScope([signal, gate?.signal])
  }

  #startTimeout(request: ApiRequest, scope: AbortScope): () => void {
    const { timeoutMs = TIMEOUT_MS } = request
    const onTimeout = () =>
      scope.abort(buildRequestError(request, 'Timeout', `no answer for ${timeoutMs} ms`))
    return this.#options.clock.after(timeoutMs, onTimeout)
  }

  /** The answer, if it is a good one; counts every try. */
  async #fetchResponse(request: ApiRequest, scope: AbortScope): Promise<IncomingMessage> {
    const { clock, onResult } = this.#options
    const startMs = clock.nowMs()
    const verb = request.query?.['watch'] === true ? 'WATCH' : request.method
    const count = (status: number) =>
      onResult?.({ verb, status, durationMs: clock.nowMs() - startMs })
    const { endpoint, userAgent } = this.#options
    const sending = sendRequest(endpoint, request, {
      ...omitUndefined({ userAgent }),
      signal: scope.signal,
    })
    const response = await sending.catch((error: unknown) => {
      count(0)
      throw error
    })
    const { statusCode: status = 0, headers } = response
    count(status)
    if (isSuccess(response)) return response
    const body = await readBody(response)
    throw toApiErrorFromResponse({
      request: describeRequest(request),
      status,
      retryAfter: headers['retry-after'],
      body,
      redact: createTextRedactor(request.secrets ?? []),
    })
  }
}

/** A client of an API server; every request has a time limit and can be aborted. */
export const createApiClient = (options: ApiClientOptions): ApiClient => new HttpApiClient(options)
