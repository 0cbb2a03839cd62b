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
} from '../../../contract/bus-names.ts'
import { TRAINING } from '../../../contract/task-address.ts'
import type { NatsBusOptions } from '../../../operator/bus/nats-bus.ts'
import type { BusHealth, CredentialsRequest } from '../../../operator/ports/bus.ts'
import { aReport, describeBusContract } from '../../contract/bus-contract.ts'
import { type NatsTestbed, startNatsTestbed } from '../testbed/nats-testbed.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { openTestbedFolder } from '../testbed/testbed-folder.ts'
import { type BusTestbed, busOptions, openBusTestbed, openScaledBus } from './bus-testbed.ts'
import { readStreamedReports } from './run-reports.ts'

describeBusContract('NATS', async () => {
  const testbed = await openBusTestbed()
  return {
    bus: testbed.bus,
    pod: testbed.pod,
    disconnect: () => testbed.nats.stop('Killed'),
    reconnect: () => testbed.nats.start(),
    close: testbed.close,
  }
})

test('reports are read from the stream once each, however often they were sent, in the order of their pod', async () => {
  const testbed = await openBusTestbed()
  const address = { namespace: 'default', runUid: 'run-1', task: TRAINING, attempt: 1 }
  const [first, second, other] = await Promise.all([
    testbed.pod(address, 'pod-a'),
    testbed.pod({ ...address, attempt: 2 }, 'pod-b'),
    testbed.pod({ ...address, runUid: 'run-2' }, 'pod-c'),
  ])
  for (const sequence of [1, 3, 2, 1, 3, 4]) await first.report(aReport('pod-a', sequence))
  await second.report(aReport('pod-b', 5))
  await other.report(aReport('pod-c', 1))
  const read = (runUid: string) =>
    readStreamedReports(testbed.nats, { namespace: 'default', runUid })
  const inOrder = [1, 2, 3, 4].map((sequence) => aReport('pod-a', sequence))
  expect((await read('run-1')).reports).toEqual([...inOrder, aReport('pod-b', 5)])
  expect((await read('run-9')).reports).toEqual([])
  await testbed.close()
})

const myAddress = { namespace: 'default', runUid: 'run-1', task: TRAINING, attempt: 1 }

/** The error of the server when a client with these credentials does something. */
async function refusal(
  testbed: BusTestbed,
  request: CredentialsRequest,
  act: (connection: NatsConnection) => unknown,
): Promise<string | undefined> {
  const credentials = await testbed.bus.issueCredentials(request)
  const connection = await connect({
    servers: testbed.nats.url,
    tls: { caFile: testbed.nats.caFile },
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
  // The server answers in order: it has refused the request before it answers this.
  await connection.flush()
  await connection.close()
  await listening
  return errors[0]
}

describe('the credentials of a pod', () => {
  let testbed: BusTestbed
  beforeAll(async () => {
    testbed = await openBusTestbed()
  })
  afterAll(() => testbed.close())

  const otherRun = { ...myAddress, runUid: 'run-2' }
  const otherAttempt = { ...myAddress, attempt: 2 }
  const publishes = (subject: string) => (connection: NatsConnection) =>
    connection.publish(subject, '{}')
  const subscribes = (subject: string) => (connection: NatsConnection) =>
    connection.subscribe(subject, { callback: () => undefined })

  test.each([
    ['report as its attempt', publishes(buildReportSubject(myAddress, 'pod'))],
    ['beat as its attempt', publishes(buildProgressSubject(buildProgressKey(myAddress)))],
    ['hear commands for its attempt', subscribes(buildCommandSubject(myAddress))],
    ['hear answers', subscribes(`${buildInboxPrefix(myAddress)}.1`)],
  ])('allow it to %s', async (_, act) => {
    expect(await refusal(testbed, { kind: 'Pod', ...myAddress }, act)).toBeUndefined()
  })

  test.each([
    ['report as another run', publishes(buildReportSubject(otherRun, 'pod'))],
    ['report as another attempt', publishes(buildReportSubject(otherAttempt, 'pod'))],
    ['beat as another attempt', publishes(buildProgressSubject(buildProgressKey(otherAttempt)))],
    ['command a pod', publishes(buildCommandSubject(myAddress))],
    ['change the streams', publishes('$JS.API.STREAM.DELETE.NECO_REPORTS')],
  ])('do not allow it to %s', async (_, act) => {
    expect(await refusal(testbed, { kind: 'Pod', ...myAddress }, act)).toMatch(
      /Permissions Violation.*Publish/i,
    )
  })

  test.each([
    ['hear what another run reports', subscribes(buildReportSubject(otherRun, 'pod'))],
    ['hear commands for another attempt', subscribes(buildCommandSubject(otherAttempt))],
    ['hear answers to another attempt', subscribes(`${buildInboxPrefix(otherAttempt)}.1`)],
    ['hear all', subscribes('>')],
  ])('do not allow it to %s', async (_, act) => {
    const reported = await refusal(testbed, { kind: 'Pod', ...myAddress }, act)
    expect(reported).toMatch(/Permissions Violation.*Subscription/i)
  })

  test('allow a reader to report for its own run only', async () => {
    const reader = { kind: 'Reader', namespace: 'default', runUid: 'run-1' } as const
    const own = await refusal(testbed, reader, publishes(buildReportSubject(otherAttempt, 'pod')))
    const other = await refusal(testbed, reader, publishes(buildReportSubject(otherRun, 'pod')))
    expect([own, other]).toEqual([undefined, expect.stringMatching(/Permissions Violation/i)])
  })

  test('expire: the server closes the connection and refuses new ones', async () => {
    const brief = await openScaledBus({ ...busOptions(testbed.nats), credentialsValidMs: 2000 })
    const credentials = await brief.issueCredentials({ kind: 'Pod', ...myAddress })
    const options = {
      servers: testbed.nats.url,
      tls: { caFile: testbed.nats.caFile },
      authenticator: credsAuthenticator(new TextEncoder().encode(credentials?.text)),
      reconnect: false,
    }
    const connection = await connect(options)
    const why = await connection.closed()
    expect(String(why)).toMatch(/expired/i)
    // The server counts whole seconds, so it may accept one until the second is over.
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

describe('the operator names what is wrong with its bus', () => {
  const findProblem = async (options: NatsBusOptions): Promise<BusHealth> => {
    const bus = await openScaledBus(options)
    await bus.close()
    return bus.health()
  }
  const withNats = async (
    jetStream: 'On' | 'None' | 'NotForAccount',
    check: (nats: NatsTestbed) => Promise<void>,
  ): Promise<void> => {
    const folder = await openTestbedFolder()
    const program = sharedTestbed().programs['nats-server']
    const nats = await startNatsTestbed({ folder, program, jetStream })
    try {
      await check(nats)
    } finally {
      await nats.close()
      await folder.remove()
    }
  }

  test.each(['None', 'NotForAccount'] as const)('JetStream that is off (%s)', (jetStream) =>
    withNats(jetStream, async (nats) => {
      const { state, problem } = await findProblem(busOptions(nats))
      expect([state, problem?.code]).toEqual(['Degraded', 'BusWithoutJetStream'])
      expect(problem?.message).toContain('switch JetStream on')
    }),
  )

  test('credentials that are refused or missing, an unreachable server, a stream that cannot be changed', () =>
    withNats('On', async (nats) => {
      const options = busOptions(nats)
      const refused = await findProblem({ ...options, credentialsFile: nats.untrustedCredsFile })
      const missing = await findProblem({ ...options, credentialsFile: '/nowhere/operator.creds' })
      const away = await findProblem({ ...options, servers: ['tls://127.0.0.1:1'] })
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
      const { problem } = await findProblem(options)
      expect(problem?.code).toBe('BusSettingsIgnored')
      expect(problem?.message).toContain(REPORT_STREAM)
    }))
})
