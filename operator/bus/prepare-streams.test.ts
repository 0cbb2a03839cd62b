import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAccount, createUser, encodeUser, fmtCreds } from '@nats-io/jwt'
import { expect, test } from 'vitest'
import { openNatsBus } from './nats-bus.ts'
import { isSupportedVersion } from './prepare-streams.ts'
import { buildDesiredStreams, findIgnoredSettings } from './stream-settings.ts'

const limits = { replicas: 1, reportRetentionMs: 3_600_000, heartbeatRetentionMs: 3_600_000 }

test.each([
  ['2.9.10', false],
  ['2.10.29', false],
  ['2.11.0', true],
  ['2.15.2', true],
  ['3.0.0', true],
  ['unknown', false],
])('a server of version %s is new enough: %s', (version, isEnough) => {
  expect(isSupportedVersion(version)).toBe(isEnough)
})

test('a setting that a server read back otherwise is named with both values', () => {
  const [reports] = buildDesiredStreams(limits)
  if (reports === undefined) throw new Error('there is a stream of reports')
  expect(findIgnoredSettings(reports, reports)).toEqual([])
  const { max_age: _, ...got } = { ...reports, num_replicas: 3 }
  expect(findIgnoredSettings(reports, got)).toEqual([
    'num_replicas is 3 instead of 1',
    'max_age is missing instead of 3600000000000',
  ])
})

/** A server that greets as an old one does, and knows nothing but PING. */
async function oldServer(): Promise<{ readonly server: Server; readonly port: number }> {
  const info = { server_id: 'old', version: '2.9.10', proto: 1, headers: true, max_payload: 1024 }
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      if (bytes.toString().includes('PING')) socket.write('PONG\r\n')
    })
    socket.write(`INFO ${JSON.stringify(info)}\r\n`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

test('the bus of an old server is refused with what to do', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'neco-bus-'))
  const credentialsFile = join(folder, 'operator.creds')
  const user = createUser()
  await writeFile(credentialsFile, fmtCreds(await encodeUser('me', user, createAccount()), user))
  const { server, port } = await oldServer()
  const bus = await openNatsBus(
    {
      servers: [`127.0.0.1:${port}`],
      credentialsFile,
      signingKeyFile: credentialsFile,
      limits,
      credentialsValidMs: 1,
    },
    { clock: { nowMs: () => 7, after: () => () => undefined }, log: () => undefined },
  )
  expect(bus.health()).toMatchObject({ state: 'Degraded', sinceMs: 7 })
  expect(bus.health().problem).toEqual({
    code: 'BusTooOld',
    message: `NATS at 127.0.0.1:${port}: its version is 2.9.10; run nats-server 2.11 or newer`,
  })
  await bus.close()
  server.close()
  await rm(folder, { recursive: true })
})
