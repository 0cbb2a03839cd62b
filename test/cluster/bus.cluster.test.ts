import { readFile } from 'node:fs/promises'
import { jetstreamManager, StorageType } from '@nats-io/jetstream'
import { connect, credsAuthenticator, type NatsConnection } from 'nats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  buildCommandSubject,
  buildInboxPrefix,
  buildProgressKey,
  buildProgressSubject,
  buildReportSubject,
  REPORT_STREAM,
} from '../../contract/bus-names.ts'
import { TRAINING } from '../../contract/task-address.ts'
import type { NatsBusOptions } from '../../operator/bus/nats-bus.ts'
import type { BusHealth, CredentialsRequest } from '../../operator/ports/bus.ts'
import { describeBusContract } from '../../operator/ports/contract/bus-contract.ts'
import { openBedFolder } from './bed/bed-folder.ts'
import { type NatsBed, startNats } from './bed/nats-bed.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { type BusBed, busOptions, openBrisk, openBusBed } from './bus-bed.ts'

describeBusContract('NATS', async () => {
  const bed = await openBusBed()
  return {
    bus: bed.bus,
    pod: bed.pod,
    disconnect: () => bed.nats.stop('Killed'),
    reconnect: () => bed.nats.start(),
    close: bed.close,
  }
})

const mine = { namespace: 'default', runUid: 'run-1', task: TRAINING, attempt: 1 }

/** What the server says when a client with these credentials does something. */
async function refusal(
  bed: BusBed,
  request: CredentialsRequest,
  act: (connection: NatsConnection) => unknown,
): Promise<string | undefined> {
  const credentials = await bed.bus.issueCredentials(request)
  const connection = await connect({
    servers: bed.nats.url,
    tls: { caFile: bed.nats.caFile },
    authenticator: credsAuthenticator(new TextEncoder().encode(credentials?.text)),
    inboxPrefix: 'neco-not-given',
  })
  const errors: string[] = []
  const listening = (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'error') errors.push(status.error.message)
    }
  })()
  act(connection)
  // The server answers in order: what it refuses is refused before it answers this.
  await connection.flush()
  await connection.close()
  await listening
  return errors[0]
}

describe('the credentials of a pod', () => {
  let bed: BusBed
  beforeAll(async () => {
    bed = await openBusBed()
  })
  afterAll(() => bed.close())

  const otherRun = { ...mine, runUid: 'run-2' }
  const otherAttempt = { ...mine, attempt: 2 }
  const publishes = (subject: string) => (connection: NatsConnection) =>
    connection.publish(subject, '{}')
  const subscribes = (subject: string) => (connection: NatsConnection) =>
    connection.subscribe(subject, { callback: () => undefined })

  test.each([
    ['report as its attempt', publishes(buildReportSubject(mine, 'pod'))],
    ['beat as its attempt', publishes(buildProgressSubject(buildProgressKey(mine)))],
    ['hear commands for its attempt', subscribes(buildCommandSubject(mine))],
    ['hear answers', subscribes(`${buildInboxPrefix(mine)}.1`)],
  ])('let it %s', async (_, act) => {
    expect(await refusal(bed, { kind: 'Pod', ...mine }, act)).toBeUndefined()
  })

  test.each([
    ['report as another run', publishes(buildReportSubject(otherRun, 'pod'))],
    ['report as another attempt', publishes(buildReportSubject(otherAttempt, 'pod'))],
    ['beat as another attempt', publishes(buildProgressSubject(buildProgressKey(otherAttempt)))],
    ['command a pod', publishes(buildCommandSubject(mine))],
    ['change the streams', publishes('$JS.API.STREAM.DELETE.NECO_REPORTS')],
  ])('do not let it %s', async (_, act) => {
    expect(await refusal(bed, { kind: 'Pod', ...mine }, act)).toMatch(
      /Permissions Violation.*Publish/i,
    )
  })

  test.each([
    ['hear what another run reports', subscribes(buildReportSubject(otherRun, 'pod'))],
    ['hear commands for another attempt', subscribes(buildCommandSubject(otherAttempt))],
    ['hear answers to another attempt', subscribes(`${buildInboxPrefix(otherAttempt)}.1`)],
    ['hear all', subscribes('>')],
  ])('do not let it %s', async (_, act) => {
    const said = await refusal(bed, { kind: 'Pod', ...mine }, act)
    expect(said).toMatch(/Permissions Violation.*Subscription/i)
  })

  test('let a reader report for its run alone', async () => {
    const reader = { kind: 'Reader', namespace: 'default', runUid: 'run-1' } as const
    const own = await refusal(bed, reader, publishes(buildReportSubject(otherAttempt, 'pod')))
    const other = await refusal(bed, reader, publishes(buildReportSubject(otherRun, 'pod')))
    expect([own, other]).toEqual([undefined, expect.stringMatching(/Permissions Violation/i)])
  })

  test('expire: the server ends the connection, and lets none in after', async () => {
    const brief = await openBrisk({ ...busOptions(bed.nats), credentialsValidMs: 2000 })
    const credentials = await brief.issueCredentials({ kind: 'Pod', ...mine })
    const options = {
      servers: bed.nats.url,
      tls: { caFile: bed.nats.caFile },
      authenticator: credsAuthenticator(new TextEncoder().encode(credentials?.text)),
      reconnect: false,
    }
    const connection = await connect(options)
    const why = await connection.closed()
    expect(String(why)).toMatch(/expired/i)
    // The server counts whole seconds, so it may let one in until the second is over.
    let refused: unknown
    while (refused === undefined) {
      refused = await connect(options).then(
        (again) => again.close(),
        (error: unknown) => error,
      )
    }
    expect(String(refused)).toMatch(/authorization|expired/i)
    await brief.close()
  })
})

describe('the operator says what is in the way of its bus', () => {
  const problemOf = async (options: NatsBusOptions): Promise<BusHealth> => {
    const bus = await openBrisk(options)
    await bus.close()
    return bus.health()
  }
  const withNats = async (
    jetStream: 'On' | 'None' | 'NotForAccount',
    check: (nats: NatsBed) => Promise<void>,
  ): Promise<void> => {
    const folder = await openBedFolder()
    const program = sharedBed().programs['nats-server']
    const nats = await startNats({ folder, program, jetStream })
    try {
      await check(nats)
    } finally {
      await nats.close()
      await folder.remove()
    }
  }

  test.each(['None', 'NotForAccount'] as const)('JetStream that is off (%s)', (jetStream) =>
    withNats(jetStream, async (nats) => {
      const { state, problem } = await problemOf(busOptions(nats))
      expect([state, problem?.code]).toEqual(['Degraded', 'BusWithoutJetStream'])
      expect(problem?.message).toContain('switch JetStream on')
    }),
  )

  test('credentials that are refused or not there, a server that is away, a stream that cannot be changed', () =>
    withNats('On', async (nats) => {
      const options = busOptions(nats)
      const refused = await problemOf({ ...options, credentialsFile: nats.strangerCredsFile })
      const missing = await problemOf({ ...options, credentialsFile: '/nowhere/operator.creds' })
      const away = await problemOf({ ...options, servers: ['tls://127.0.0.1:1'] })
      const codes = [refused, missing, away].map(({ problem }) => problem?.code)
      expect(codes).toEqual(['BusUnauthorized', 'BusUnauthorized', 'BusUnreachable'])
      expect(away.problem?.message).toContain('tls://127.0.0.1:1')

      const connection = await connect({
        servers: nats.url,
        tls: { caFile: nats.caFile },
        authenticator: credsAuthenticator(await readFile(nats.operatorCredsFile)),
      })
      const manager = await jetstreamManager(connection)
      const inMemory = { name: REPORT_STREAM, subjects: ['other'], storage: StorageType.Memory }
      await manager.streams.add(inMemory)
      await connection.close()
      const { problem } = await problemOf(options)
      expect(problem?.code).toBe('BusSettingsIgnored')
      expect(problem?.message).toContain(REPORT_STREAM)
    }))
})
