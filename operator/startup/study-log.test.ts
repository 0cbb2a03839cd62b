import { createAccount } from '@nats-io/nkeys'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createApiClient } from '../../kube/client/api-client.ts'
import { createApiEndpoint } from '../../kube/client/api-endpoint.ts'
import { FakeApiServer, type FakeRequest } from '../../test/fakes/fake-api-server.ts'
import { createManualClock } from '../../test/fakes/manual-clock.ts'
import { buildSimulatedSweep } from '../../test/fixtures/simulated-study.ts'
import { signCredentials } from '../bus/sign-credentials.ts'
import { OperatorConfig } from '../config.ts'
import { createLog } from '../observability/log.ts'
import { createOperatorMetrics } from '../observability/metrics-registry.ts'
import { type CredentialsRequest, NOOP_BUS } from '../ports/bus.ts'
import { openClusterPlatform } from './cluster-platform.ts'
import { startOperatorControllers } from './start-operator-controllers.ts'

const CLAIM = '/api/v1/namespaces/lab/persistentvolumeclaims/neco'

let server: FakeApiServer
beforeEach(async () => {
  server = new FakeApiServer()
  await server.listen()
})
afterEach(() => server.close())

const isSecret = ({ method, path }: FakeRequest): boolean =>
  method === 'POST' && path.endsWith('/secrets')
const isJob = ({ method, path }: FakeRequest): boolean =>
  method === 'POST' && path.endsWith('/jobs')

/** Everything in a credentials file that must not be seen. */
const secretsIn = (text: string): readonly string[] =>
  text.split('\n').filter((line) => /^(eyJ|S[A-Z2-7]{50})/.test(line))

test('the log, the statuses and the Events of a study whose pods get credentials have none of them, even where the API server repeats them', async () => {
  const lines: string[] = []
  const made: string[] = []
  const clock = createManualClock(Date.UTC(2026, 0, 1))
  const account = createAccount()
  const credentials = async (request: CredentialsRequest) => {
    const signed = await signCredentials(request, {
      seed: new TextDecoder().decode(account.getSeed()),
      account: account.getPublicKey(),
      nowMs: clock.nowMs(),
      validMs: 1000,
    })
    made.push(signed.text)
    server.injectFault(isSecret, { status: 422, reason: `cannot take ${signed.text}` })
    return signed
  }
  const log = createLog({ level: 'debug', write: (line) => lines.push(line), nowMs: clock.nowMs })
  const api = createApiClient({ endpoint: createApiEndpoint(server.kubeConfig), clock })
  server.documents.set(CLAIM, {
    metadata: { name: 'neco', namespace: 'lab' },
    spec: { accessModes: ['ReadWriteMany'] },
    status: { phase: 'Bound' },
  })
  const platform = openClusterPlatform({
    api,
    clock,
    random: () => 0,
    namespaces: [],
    instance: 'a',
    defaults: { image: 'registry.test/neco:1', storage: { claim: 'neco' } },
    bus: NOOP_BUS,
    podBus: { servers: ['tls://nats:4222'], credentials },
    createObserver: () => ({}),
    onError: (what, error) => log.warn({ what, error }, 'left undone'),
    onCheckpointAnswer: () => undefined,
  })
  await platform.synced
  const dependencies = { config: OperatorConfig.parse({}), log, monotonicClock: clock }
  const controllers = startOperatorControllers(
    dependencies,
    createOperatorMetrics(100),
    platform.ports,
  )
  const refused = server.waitForRequest(isSecret)
  const study = buildSimulatedSweep({ parallelism: 1 })
  await platform.ports.sweeps.create({
    ...study,
    metadata: { ...study.metadata, namespace: 'lab' },
  })
  await refused
  await controllers.idle()
  await controllers.close()
  await platform.close()
  const secrets = made.flatMap(secretsIn)
  expect(secrets.length).toBeGreaterThanOrEqual(2)
  expect(server.requests.filter(isJob)).toEqual([])
  expect(lines.join('')).toContain('run created')
  expect(lines.join('')).toContain('cannot take [secret]')
  const written = JSON.stringify(server.requests.filter((request) => !isSecret(request)))
  expect(written).toContain('cannot take [secret]')
  for (const secret of secrets) expect(lines.join('') + written).not.toContain(secret)
})
