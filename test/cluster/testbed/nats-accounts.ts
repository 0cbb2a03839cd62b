import {
  Algorithms,
  createAccount,
  createOperator,
  createUser,
  encodeAccount,
  encodeOperator,
  encodeUser,
  fmtCreds,
  type KeyPair,
} from '@nats-io/jwt'

/**
 * The accounts of a testbed's NATS server: an operator, the system account and one for NeCo, as in
 * production.
 */
export interface NatsAccounts {
  readonly operatorJwt: string
  readonly systemAccount: string
  readonly account: string
  /** Account id to JWT: what the server's resolver holds in memory. */
  readonly preload: Readonly<Record<string, string>>
  /** Seed with which NeCo's operator signs the users it makes for pods. */
  readonly signingSeed: string
  /** Credentials of a user of account NECO who may do all: for the operator itself. */
  readonly operatorCreds: string
  /** Credentials of a user of the system account, for a test that looks at connections. */
  readonly systemCreds: string
  /** Credentials signed by a key that the account does not know: a server refuses them. */
  readonly untrustedCreds: string
}

const UNLIMITED = -1

const limits = (jetStream: boolean) => ({
  subs: UNLIMITED,
  data: UNLIMITED,
  payload: UNLIMITED,
  imports: UNLIMITED,
  exports: UNLIMITED,
  wildcards: true,
  conn: UNLIMITED,
  leaf: UNLIMITED,
  ...(jetStream
    ? { mem_storage: UNLIMITED, disk_storage: UNLIMITED, streams: UNLIMITED, consumer: UNLIMITED }
    : {}),
})

const decodeSeed = (pair: KeyPair): string => new TextDecoder().decode(pair.getSeed())

async function buildCredentials(name: string, signer: KeyPair, account: KeyPair): Promise<string> {
  const user = createUser()
  const all = { allow: ['>'] }
  const issuer = { issuer_account: account.getPublicKey() }
  const rights = signer === account ? {} : issuer
  const jwt = await encodeUser(name, user, signer, { ...rights, pub: all, sub: all })
  return new TextDecoder().decode(fmtCreds(jwt, user))
}

/** Makes fresh keys and JWTs. `jetStream` false leaves account NECO without JetStream. */
export async function makeNatsAccounts(jetStream: boolean): Promise<NatsAccounts> {
  const [operator, system, account, signing, unknown] = [
    createOperator(),
    createAccount(),
    createAccount(),
    createAccount(),
    createAccount(),
  ]
  const signed = { algorithm: Algorithms.v2, signer: operator }
  const systemAccount = system.getPublicKey()
  return {
    operatorJwt: await encodeOperator('neco-testbed', operator, { system_account: systemAccount }),
    systemAccount,
    account: account.getPublicKey(),
    preload: {
      [systemAccount]: await encodeAccount('SYS', system, { limits: limits(false) }, signed),
      [account.getPublicKey()]: await encodeAccount(
        'NECO',
        account,
        { limits: limits(jetStream), signing_keys: [signing.getPublicKey()] },
        signed,
      ),
    },
    signingSeed: decodeSeed(signing),
    operatorCreds: await buildCredentials('neco-operator', account, account),
    systemCreds: await buildCredentials('sys', system, system),
    untrustedCreds: await buildCredentials('stranger', unknown, account),
  }
}
