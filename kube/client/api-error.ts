import { type FieldCause, KubeError, type KubeErrorCode } from '../kube-error.ts'

interface StatusDetails {
  readonly name?: string
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly {
    readonly reason?: string
    readonly message?: string
    readonly field?: string
  }[]
  readonly retryAfterSeconds?: number
}

/** The Status object with which an API server answers where it gives no object. */
export interface ApiStatus {
  readonly code?: number
  readonly reason?: string
  readonly message?: string
  readonly details?: StatusDetails
}

export interface ApiFailure {
  /** HTTP status; 0 where no answer came. */
  readonly status: number
  /** One word: the API server's own, or Timeout, Aborted, Network, NotLeading. */
  readonly reason: string
  readonly message: string
  readonly retryAfterMs?: number | undefined
  readonly details?: StatusDetails | undefined
  readonly cause?: unknown
}

const CODE_BY_STATUS: ReadonlyMap<number, KubeErrorCode> = new Map([
  [401, 'Forbidden'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [408, 'Unavailable'],
  [410, 'Expired'],
  [429, 'Unavailable'],
])

/** Also the word by which an API server says so, beside a Forbidden. */
const NAMESPACE_TERMINATING = 'NamespaceTerminating' satisfies KubeErrorCode

/**
 * What an API server answers, with status 500, to an apply of a field that its schema does not
 * have.
 */
const UNKNOWN_FIELD = 'failed to create typed patch object'

/** Whether something was not made because its namespace is being deleted, or has been. */
const isNamespaceTerminating = ({ status, details = {} }: ApiFailure): boolean =>
  (status === 403 && details.causes?.some(({ reason }) => reason === NAMESPACE_TERMINATING)) ||
  (status === 404 && details.kind === 'namespaces')

function toKubeErrorCode(failure: ApiFailure): KubeErrorCode {
  const { status, reason, message } = failure
  if (message.includes(UNKNOWN_FIELD)) return 'Invalid'
  if (reason === 'Expired' || reason === 'Gone') return 'Expired'
  if (isNamespaceTerminating(failure)) return NAMESPACE_TERMINATING
  if (status === 409) return reason === 'AlreadyExists' ? 'AlreadyExists' : 'Conflict'
  const code = CODE_BY_STATUS.get(status)
  if (code !== undefined) return code
  return status >= 400 && status < 500 ? 'Invalid' : 'Unavailable'
}

const toFieldCauses = ({ details }: ApiFailure): FieldCause[] =>
  (details?.causes ?? []).map(({ field = '', message = '' }) => ({ field, message }))

/** A request that failed, with the answer of the API server. */
export class ApiError extends KubeError {
  readonly status: number
  readonly reason: string
  readonly retryAfterMs: number | undefined
  readonly details: StatusDetails | undefined

  constructor(failure: ApiFailure) {
    super(toKubeErrorCode(failure), failure.message, {
      cause: failure.cause,
      causes: toFieldCauses(failure),
    })
    this.status = failure.status
    this.reason = failure.reason
    this.retryAfterMs = failure.retryAfterMs
    this.details = failure.details
  }
}

interface FailedResponse {
  /** `GET /api/v1/pods`, for the message. */
  readonly request: string
  readonly status: number
  readonly retryAfter?: string | undefined
  readonly body: string
  /** Takes out what no failure may repeat. */
  readonly redact: (text: string) => string
}

function parseStatus({ body, redact }: Pick<FailedResponse, 'body' | 'redact'>): ApiStatus {
  try {
    const parsed: unknown = JSON.parse(body, (_key, value: unknown) =>
      typeof value === 'string' ? redact(value) : value,
    )
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    return { message: redact(body).slice(0, 500) }
  }
}

/** Milliseconds of a Retry-After header in seconds; its date form is not used by API servers. */
function parseRetryAfterMs(header: string | undefined): number | undefined {
  const seconds = Number(header)
  return header !== undefined && Number.isFinite(seconds) ? seconds * 1000 : undefined
}

/** The failure that an answer outside 2xx stands for. */
export function toApiErrorFromResponse({
  request,
  status,
  retryAfter,
  ...response
}: FailedResponse): ApiError {
  const apiStatus = parseStatus(response)
  const message = apiStatus.message ?? 'no reason given'
  return new ApiError({
    status,
    reason: apiStatus.reason ?? `HTTP${status}`,
    message: `${request}: ${status} ${message}`,
    retryAfterMs: parseRetryAfterMs(retryAfter),
    details: apiStatus.details,
  })
}

/** The failure that an ERROR event of a watch stands for. */
export const toApiErrorFromStatus = (request: string, apiStatus: ApiStatus): ApiError =>
  new ApiError({
    status: apiStatus.code ?? 500,
    reason: apiStatus.reason ?? 'Unknown',
    message: `${request}: ${apiStatus.message ?? 'the watch failed'}`,
    details: apiStatus.details,
  })
