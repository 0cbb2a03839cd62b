import { readFile } from 'node:fs/promises'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { createUser, encodeUser, fmtCreds, fromSeed } from '@nats-io/jwt'
import { connect, credsAuthenticator, type NatsConnection } from 'nats'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type NatsTestbed, startNatsTestbed } from '../testbed/nats-testbed.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { openTestbedFolder, type TestbedFolder } from '../testbed/testbed-folder.ts'

const program = sharedTestbed().programs['nats-server']
let folder: TestbedFolder
let nats: NatsTestbed
beforeAll(async () => {
  folder = await openTestbedFolder()
  nats = await startNatsTestbed({ folder, program })
})
afterAll(async () => {
  await nats.close()
  await folder.remove()
})

const connected = (testbed: NatsTestbed, creds: Uint8Array): Promise<NatsConnection> =>
  connect({
    servers: testbed.url,
    tls: { caFile: testbed.caFile },
    authenticator: credsAuthenticator(creds),
    reconnect: false,
  })

test('messages that JetStream acknowledged survive a kill of the server', async () => {
  const before = await connected(nats, await readFile(nats.operatorCredsFile))
  await (await jetstreamManager(before)).streams.add({ name: 'DURABLE', subjects: ['durable.>'] })
  await jetstream(before).publish('durable.1', 'message')
  await nats.stop('Killed')
  await before.closed()
  await nats.start()
  const after = await connected(nats, await readFile(nats.operatorCredsFile))
  const { state } = await (await jetstreamManager(after)).streams.info('DURABLE')
  await after.close()
  expect(state.messages).toBe(1)
})

test('a user signed by the signing key has the permissions of its JWT only; one signed by another key is refused', async () => {
  const signer = fromSeed(await readFile(nats.accountSigningSeedFile))
  const user = createUser()
  const rights = { issuer_account: nats.account, pub: { allow: ['mine.>'] }, sub: { allow: [] } }
  const connection = await connected(
    nats,
    fmtCreds(await encodeUser('pod', user, signer, rights), user),
  )
  const errors: string[] = []
  const watching = (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'error') errors.push(status.error.message)
    }
  })()
  connection.publish('mine.1')
  await connection.flush()
  expect(errors).toEqual([])
  connection.publish('other.1')
  await connection.flush()
  await connection.close()
  await watching
  expect(errors).toEqual([expect.stringMatching(/permissions violation.*other\.1/i)])
  const refused = connected(nats, await readFile(nats.untrustedCredsFile))
  await expect(refused).rejects.toThrow(/authorization/i)
})

test.for(['None', 'NotForAccount'] as const)(
  'a server can be had without JetStream: %s',
  async (jetStream) => {
    const bare = await startNatsTestbed({ folder, program, name: `bare-${jetStream}`, jetStream })
    const connection = await connected(bare, await readFile(bare.operatorCredsFile))
    await expect(jetstreamManager(connection)).rejects.toThrow(/not enabled/i)
    await connection.close()
    await bare.close()
  },
)
