import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream'
import { errors } from 'nats'
import { BusError, type BusErrorCode } from '../ports/bus.ts'

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'ECONNRESET'])
/** What the server says when a JetStream request comes to an account without it. */
const NOT_ENABLED = new Set<number>([JetStreamApiCodes.JetStreamNotEnabledForAccount, 10076])

const ADVICE: Readonly<Record<BusErrorCode, string>> = {
  BusUnreachable: 'see that nats.servers is right and that the server runs',
  BusUnauthorized:
    'see that the credentials file of the operator belongs to the account, has not expired, and may use JetStream and neco.>',
  BusTooOld: 'run nats-server 2.11 or newer',
  BusWithoutJetStream: 'switch JetStream on in the server and give the account limits for it',
  BusSettingsIgnored:
    'run nats-server 2.11 or newer, or remove the stream so that it is created again',
  BusFailed: 'see the log of the NATS server',
}

/** A failure of the bus that names the servers and says what to do. */
export const buildBusError = (
  code: BusErrorCode,
  servers: readonly string[],
  { what, cause }: { readonly what: string; readonly cause?: unknown },
): BusError =>
  new BusError(code, `NATS at ${servers.join(', ')}: ${what}; ${ADVICE[code]}`, { cause })

/** Names what the client threw. */
export function toBusError(cause: unknown, servers: readonly string[]): BusError {
  if (cause instanceof BusError) return cause
  const what = cause instanceof Error ? cause.message : String(cause)
  return buildBusError(toBusErrorCode(cause), servers, { what, cause })
}

function toBusErrorCode(error: unknown): BusErrorCode {
  if (isUnauthorized(error)) return 'BusUnauthorized'
  if (isWithoutJetStream(error)) return 'BusWithoutJetStream'
  return isUnreachable(error) ? 'BusUnreachable' : 'BusFailed'
}

const readErrorCode = (error: unknown): unknown => (error as { code?: unknown } | null)?.code
const readErrorCause = (error: unknown): unknown => (error as { cause?: unknown } | null)?.cause

const isUnauthorized = (error: unknown): boolean =>
  error instanceof errors.AuthorizationError ||
  error instanceof errors.UserAuthenticationExpiredError ||
  error instanceof errors.PermissionViolationError ||
  readErrorCode(error) === 'ENOENT' ||
  readErrorCode(error) === 'EACCES' ||
  (error instanceof Error && error.message === 'unable to parse credentials') ||
  readErrorCause(error) instanceof errors.PermissionViolationError

const isWithoutJetStream = (error: unknown): boolean =>
  (error instanceof Error && error.name === 'JetStreamNotEnabled') ||
  error instanceof errors.NoRespondersError ||
  (error instanceof errors.RequestError && error.isNoResponders()) ||
  (error instanceof JetStreamApiError && NOT_ENABLED.has(error.code))

const isUnreachable = (error: unknown): boolean =>
  error instanceof errors.ConnectionError ||
  error instanceof errors.ClosedConnectionError ||
  error instanceof errors.TimeoutError ||
  UNREACHABLE.has(String(readErrorCode(error))) ||
  UNREACHABLE.has(String(readErrorCode(readErrorCause(error))))
