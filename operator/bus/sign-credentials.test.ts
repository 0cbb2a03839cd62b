import { createAccount, decode, parseCreds, type User } from '@nats-io/jwt'
import { describe, expect, test } from 'vitest'
import { TRAINING } from '../../contract/task-address.ts'
import { signCredentials } from './sign-credentials.ts'

const pod = {
  kind: 'Pod',
  namespace: 'default',
  runUid: 'run-1',
  task: TRAINING,
  attempt: 2,
} as const
const nowMs = Date.UTC(2026, 10, 24)
const DAY_MS = 86_400_000

async function signed(request: Parameters<typeof signCredentials>[0]) {
  const [account, key] = [createAccount(), createAccount()]
  const credentials = await signCredentials(request, {
    seed: `${new TextDecoder().decode(key.getSeed())}\n`,
    account: account.getPublicKey(),
    nowMs,
    validMs: 30 * DAY_MS,
  })
  const { jwt, uc } = await parseCreds(new TextEncoder().encode(credentials.text))
  return { credentials, claims: decode<User>(jwt), uc, account, key }
}

describe('the credentials of a pod', () => {
  test('are a user of the account, signed by its key, until 30 days from now', async () => {
    const { credentials, claims, account, key } = await signed(pod)
    expect(claims.iss).toBe(key.getPublicKey())
    expect(claims.nats.issuer_account).toBe(account.getPublicKey())
    expect(credentials.expiresMs).toBe(nowMs + 30 * DAY_MS)
    expect(claims.exp).toBe((nowMs + 30 * DAY_MS) / 1000)
  })

  test('allow the subjects of the attempt and one answer to each command', async () => {
    const { claims } = await signed(pod)
    const { pub, sub, resp } = claims.nats
    expect(pub).toEqual({
      allow: [
        'neco.default.run-1.training.2.*.report',
        '$KV.NECO_PROGRESS.default.run-1.training.2',
      ],
    })
    expect(sub).toEqual({
      allow: ['neco.default.run-1.training.2.ctl', '_INBOX.default.run-1.training.2.>'],
    })
    expect(resp).toMatchObject({ max: 1 })
  })

  test('of a reader allow what the pods of its run may say, and to hear nothing but answers', async () => {
    const { claims } = await signed({ kind: 'Reader', namespace: 'default', runUid: 'run-1' })
    const { pub, sub } = claims.nats
    expect(pub?.allow).toEqual([
      'neco.default.run-1.*.*.*.report',
      '$KV.NECO_PROGRESS.default.run-1.*.*',
    ])
    expect(sub?.allow).toEqual(['_INBOX.default.run-1.reader.>'])
  })

  test('cannot be made with a seed that is none', async () => {
    const seed = 'not a seed'
    const account = createAccount().getPublicKey()
    await expect(signCredentials(pod, { seed, account, nowMs, validMs: 1 })).rejects.toThrow()
  })
})
