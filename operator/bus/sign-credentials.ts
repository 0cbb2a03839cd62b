import { createUser, encodeUser, fmtCreds, fromPublic, fromSeed } from '@nats-io/jwt'
import {
  buildAttemptReportsSubject,
  buildCommandSubject,
  buildInboxPrefix,
  buildProgressKey,
  buildProgressSubject,
  buildReaderInboxPrefix,
  buildRunProgressKeyFilter,
  buildRunReportsSubject,
} from '../../contract/bus-names.ts'
import { formatTaskKey } from '../../contract/task-address.ts'
import type { BusCredentials, CredentialsRequest } from '../ports/bus.ts'

interface SubjectPermissions {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/**
 * What a pod may do: send reports and heartbeats and receive commands as its own attempt; a reader
 * may send both for its run.
 */
function buildSubjectPermissions(request: CredentialsRequest): SubjectPermissions {
  if (request.kind === 'Reader') {
    return {
      publish: [
        buildRunReportsSubject(request),
        buildProgressSubject(buildRunProgressKeyFilter(request)),
      ],
      subscribe: [`${buildReaderInboxPrefix(request)}.>`],
    }
  }
  return {
    publish: [buildAttemptReportsSubject(request), buildProgressSubject(buildProgressKey(request))],
    subscribe: [buildCommandSubject(request), `${buildInboxPrefix(request)}.>`],
  }
}

export interface CredentialSigner {
  /** Seed of a signing key of the account. */
  readonly seed: string
  /** Public key of the account. */
  readonly account: string
  readonly nowMs: number
  readonly validMs: number
}

/** A command waits for its checkpoint; its answer must come within this time. */
const REPLY_TTL_MS = 600_000
const NANOS_PER_MS = 1_000_000

/**
 * A new user with these rights and no more, in the form of a credentials file. Throws where the
 * seed is none.
 */
export async function signCredentials(
  request: CredentialsRequest,
  { seed, account, nowMs, validMs }: CredentialSigner,
): Promise<BusCredentials> {
  const user = createUser()
  const { publish, subscribe } = buildSubjectPermissions(request)
  const expiresMs = nowMs + validMs
  const signer = fromSeed(new TextEncoder().encode(seed.trim()))
  const isOwnKey = signer.getPublicKey() === account
  const jwt = await encodeUser(
    buildUserName(request),
    user,
    isOwnKey ? signer : fromPublic(account),
    {
      pub: { allow: [...publish] },
      sub: { allow: [...subscribe] },
      resp: { max: 1, ttl: REPLY_TTL_MS * NANOS_PER_MS },
    },
    { exp: Math.floor(expiresMs / 1000), ...(isOwnKey ? {} : { signer }) },
  )
  return { text: new TextDecoder().decode(fmtCreds(jwt, user)), expiresMs }
}

const buildUserName = (request: CredentialsRequest): string =>
  request.kind === 'Pod'
    ? `${request.runUid}-${formatTaskKey(request.task)}-a${request.attempt}`
    : `${request.runUid}-reader`
