import { createAccount, createUser } from '@nats-io/nkeys'
import { expect, test } from 'vitest'
import { createTextRedactor } from './redact-texts.ts'

const seed = new TextDecoder().decode(createUser().getSeed())
const creds = `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`
const redact = createTextRedactor([creds])

test.each([
  ['as it is', creds],
  ['in base64, as a Secret keeps it', Buffer.from(creds).toString('base64')],
  ['escaped', JSON.stringify(creds)],
  ['behind a word', `nats.creds=${seed}`],
  ['in part', `"${seed.slice(3, 40)}..." is too long`],
  ['in part of its base64', Buffer.from(creds).toString('base64').slice(60, 110)],
])('what was sent is hidden %s', (_how, text) => {
  const redacted = redact(`admission webhook denied the request: ${text}`)
  expect(redacted).toMatch(/^admission webhook denied the request: .*\[secret\]/s)
  for (const part of [
    seed,
    seed.slice(3, 19),
    Buffer.from(creds).toString('base64').slice(64, 84),
  ]) {
    expect(redacted).not.toContain(part)
  }
})

test('what was not sent is left as it is, names and other keys too', () => {
  const other = createAccount().getPublicKey()
  const text = `secrets "study-000-replicate-1-a1" is forbidden: exceeded quota: of-the-team (${other})`
  expect(redact(text)).toBe(text)
})
