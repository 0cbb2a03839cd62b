import pino, { type Logger } from 'pino'
import { omitUndefined } from '../../std/omit-undefined.ts'
import { redactSecrets } from './redact-secrets.ts'

export type Log = Logger

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Takes one line with its end. */
  readonly write: (line: string) => void
  readonly nowMs: () => number
}

/**
 * Fields that can hold a secret, wherever they stand; the text of each line is searched as well.
 */
const SECRET_FIELDS = [
  'authorization',
  'Authorization',
  'credentials',
  'creds',
  'data',
  'jwt',
  'password',
  'seed',
  'stringData',
  'token',
]
const secretPaths = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`])

/** What an error says, its code and its causes; the stack only where nobody expected it. */
function toErrorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) }
  const { code, reason } = error as { readonly code?: unknown; readonly reason?: unknown }
  const isExpected = code !== undefined
  return {
    type: error.name,
    message: error.message,
    ...omitUndefined({ code, reason }),
    ...(isExpected ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: toErrorFields(error.cause) }),
  }
}

/**
 * A log of JSON lines, one an event: the message is constant, what differs is in fields. No secret
 * leaves it.
 */
export function createLog({ level, write, nowMs }: LogOptions): Log {
  return pino(
    {
      level,
      base: {},
      timestamp: () => `,"time":"${new Date(nowMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'message',
      errorKey: 'error',
      serializers: { error: toErrorFields },
      redact: { paths: secretPaths, censor: '[secret]' },
    },
    { write: (line) => write(redactSecrets(line)) },
  )
}
