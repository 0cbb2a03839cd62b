import { createUser, encodeUser, fmtCreds, fromSeed } from '@nats-io/jwt'
import { createAccount } from '@nats-io/nkeys'
import { describe, expect, test } from 'vitest'
import { KubeError } from '../../kube/kube-error.ts'
import { createLog } from './log.ts'

function openTestLog(level: 'debug' | 'info' = 'info') {
  const lines: string[] = []
  const log = createLog({ level, write: (line) => lines.push(line), nowMs: () => 1_000 })
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') as unknown }
}

/** Credentials as the operator makes them for a pod. */
async function credentials() {
  const user = createUser()
  const account = createAccount()
  const jwt = await encodeUser('pod', user, fromSeed(account.getSeed()))
  const text = new TextDecoder().decode(fmtCreds(jwt, user))
  const seed = new TextDecoder().decode(user.getSeed())
  return { text, jwt, seed, secrets: [jwt, seed] }
}

describe('the log', () => {
  test('writes one JSON line an event, with a constant message and the rest in fields', () => {
    const { log, lines, last } = openTestLog()
    log.child({ controller: 'necorun', object: 'lab/a' }).info({ attempt: 2 }, 'job created')
    expect(lines).toHaveLength(1)
    expect(lines[0]?.endsWith('}\n')).toBe(true)
    expect(last()).toEqual({
      level: 'info',
      time: '1970-01-01T00:00:01.000Z',
      controller: 'necorun',
      object: 'lab/a',
      attempt: 2,
      message: 'job created',
    })
  })

  test('says code and causes of an expected failure, and the stack of any other', () => {
    const { log, last } = openTestLog()
    const cause = new Error('socket hang up')
    log.warn({ error: new KubeError('Unavailable', 'GET /x', { cause }) }, 'reconcile failed')
    expect(last()).toMatchObject({
      level: 'warn',
      error: {
        type: 'KubeError',
        code: 'Unavailable',
        message: 'GET /x',
        cause: { message: 'socket hang up' },
      },
    })
    expect(last()).not.toHaveProperty('error.stack')
    log.error({ error: new TypeError('x is undefined') }, 'reconcile failed')
    expect(last()).toHaveProperty('error.stack')
  })

  test('lets no credentials through, whichever way they come', async () => {
    const { log, lines } = openTestLog('debug')
    const { text, jwt, seed, secrets } = await credentials()
    const secret = { metadata: { name: 'a' }, stringData: { 'nats.creds': text } }
    log.info({ credentials: text }, 'field')
    log.info({ request: { body: secret } }, 'deep in an object')
    log.info({ body: JSON.stringify(secret) }, 'as text in text')
    log.info(`seed ${seed}`)
    log.debug({ a: { b: { c: { d: jwt } } } }, 'deeper than any path')
    log.child({ creds: text }).info('in a child')
    log.error({ error: new Error(`cannot use ${text}`, { cause: new Error(jwt) }) }, 'failed')
    log.error(new Error(`bad ${seed}`))
    expect(lines).toHaveLength(8)
    for (const hidden of secrets) expect(lines.join('')).not.toContain(hidden)
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow()
  })

  test('lets no token, private key or password of a URL through', () => {
    const { log, lines } = openTestLog()
    const pem = '-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----\n'
    log.info({ headers: { authorization: 'Bearer abcdef123456' } }, 'request')
    log.info({ header: 'Bearer abcdef123456' }, 'request')
    log.info({ kubeconfig: `client-key-data:\n${pem}` }, 'config')
    log.info({ server: 'nats://user:hunter22@nats:4222' }, 'connecting')
    expect(lines.join('')).not.toMatch(/abcdef123456|MIIabc|hunter22/)
    expect(lines[3]).toContain('nats://user:[secret]@nats:4222')
  })
})
