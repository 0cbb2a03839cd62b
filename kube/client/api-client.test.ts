import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FakeApiFault, FakeApiServer } from '../../test/fakes/fake-api-server.ts'
import { createManualClock, type ManualClock } from '../../test/fakes/manual-clock.ts'
import { type ApiClient, createApiClient, type RequestResult } from './api-client.ts'
import { createApiEndpoint } from './api-endpoint.ts'
import { createGatedClient } from './gated-client.ts'

const PATH = '/api/v1/namespaces/default/pods'
const POD = { metadata: { name: 'a', namespace: 'default' } }
const all = () => true

let server: FakeApiServer
let clock: ManualClock
let api: ApiClient
let answers: RequestResult[] = []

beforeEach(async () => {
  server = new FakeApiServer()
  await server.listen()
  clock = createManualClock()
  answers = []
  api = createApiClient({
    endpoint: createApiEndpoint(server.kubeConfig),
    clock,
    onResult: (answer) => answers.push(answer),
  })
})
afterEach(async () => {
  api.close()
  await server.close()
})

const list = () => api.request({ method: 'GET', path: PATH })
const create = (client = api) => client.request({ method: 'POST', path: PATH, body: POD })

describe('a request that fails', () => {
  const cases: readonly [Exclude<FakeApiFault, string>, string][] = [
    [{ status: 401, reason: 'Unauthorized' }, 'Forbidden'],
    [{ status: 403, reason: 'Forbidden' }, 'Forbidden'],
    [{ status: 404, reason: 'NotFound' }, 'NotFound'],
    [{ status: 409, reason: 'AlreadyExists' }, 'AlreadyExists'],
    [{ status: 409, reason: 'Conflict' }, 'Conflict'],
    [{ status: 400, reason: 'BadRequest' }, 'Invalid'],
    [{ status: 422, reason: 'Invalid' }, 'Invalid'],
    [{ status: 429, reason: 'TooManyRequests' }, 'Unavailable'],
    [{ status: 500, reason: 'InternalError' }, 'Unavailable'],
    [{ status: 503, reason: 'ServiceUnavailable' }, 'Unavailable'],
  ]
  test.each(cases)('with $status $reason is $1', async (fault, code) => {
    server.injectFault(all, fault)
    await expect(list()).rejects.toMatchObject({
      code,
      status: fault.status,
      reason: fault.reason,
      message: `GET ${PATH}: ${fault.status} ${fault.reason} says the fake`,
    })
    expect(answers).toEqual([{ verb: 'GET', status: fault.status, durationMs: 0 }])
  })

  test('names the fields that were refused', async () => {
    const causes = [
      { reason: 'FieldValueInvalid', field: 'spec.seed', message: 'must be positive' },
    ]
    server.injectFault(all, { status: 422, reason: 'Invalid', details: { causes } })
    await expect(create()).rejects.toMatchObject({
      causes: [{ field: 'spec.seed', message: 'must be positive' }],
    })
  })

  test.each<[Exclude<FakeApiFault, string>, string]>([
    [
      {
        status: 403,
        reason: 'Forbidden',
        details: {
          kind: 'pods',
          causes: [
            {
              reason: 'NamespaceTerminating',
              message: 'namespace default is being terminated',
              field: 'metadata.namespace',
            },
          ],
        },
      },
      'is being deleted',
    ],
    [{ status: 404, reason: 'NotFound', details: { kind: 'namespaces' } }, 'is gone'],
  ])('with $status because its namespace $1 is NamespaceTerminating', async (fault) => {
    server.injectFault(all, fault)
    await expect(create()).rejects.toMatchObject({ code: 'NamespaceTerminating' })
  })

  test('by a lost connection is Unavailable, and counted without a status', async () => {
    server.injectFault(all, 'reset')
    await expect(list()).rejects.toMatchObject({ code: 'Unavailable', reason: 'Network' })
    expect(answers.map(({ status }) => status)).toEqual([0])
  })

  test('by silence is Unavailable after its time limit, 30 s where it names none', async () => {
    server.injectFault(all, 'hang')
    const failure = expect(list()).rejects.toMatchObject({
      code: 'Unavailable',
      reason: 'Timeout',
      message: `GET ${PATH}: no answer for 30000 ms`,
    })
    await server.waitForRequest(all)
    clock.advance(30_000)
    await failure
    expect(clock.delays()).toEqual([])
  })

  test('because its signal aborts says so', async () => {
    server.injectFault(all, 'hang')
    const controller = new AbortController()
    const { signal } = controller
    const failure = expect(
      api.request({ method: 'GET', path: PATH, signal }),
    ).rejects.toMatchObject({ reason: 'Aborted' })
    await server.waitForRequest(all)
    controller.abort()
    await failure
  })
})

describe('a server that is busy', () => {
  test('is asked again after the time it names', async () => {
    const repair = server.injectFault(all, { status: 429, reason: 'TooMany', retryAfterSeconds: 3 })
    const listing = list()
    expect(await clock.whenTimerSet((delayMs) => delayMs < 30_000)).toBe(3000)
    repair()
    clock.advance(3000)
    await listing
    expect(answers.map(({ status }) => status)).toEqual([429, 200])
  })

  test('is reported when it stays busy, or names a long time', async () => {
    server.injectFault(all, { status: 503, reason: 'Busy', retryAfterSeconds: 60 })
    await expect(list()).rejects.toMatchObject({ code: 'Unavailable', retryAfterMs: 60_000 })
    expect(server.requests).toHaveLength(1)
  })
})

describe('a request on a connection that was kept alive', () => {
  test('is sent once more when the server closes it at that moment', async () => {
    await list()
    const repair = server.injectFault(all, 'reset')
    const once = server.waitForRequest(all).then(repair)
    await expect(list()).resolves.toMatchObject({ items: [] })
    await once
  })
})

describe('a gate for writes', () => {
  function gate() {
    const controller = new AbortController()
    let isOpen = true
    return {
      gate: { signal: controller.signal, isOpen: () => isOpen },
      shut: () => {
        isOpen = false
      },
      abort: () => controller.abort(),
    }
  }

  test('lets writes through while it is open', async () => {
    expect(await create(createGatedClient(api, gate().gate))).toMatchObject(POD)
  })

  test('lets no write leave once it is shut, and still lets reads through', async () => {
    const { gate: writeGate, shut } = gate()
    const gated = createGatedClient(api, writeGate)
    shut()
    await expect(create(gated)).rejects.toMatchObject({ code: 'Unavailable', reason: 'NotLeading' })
    await gated.request({ method: 'GET', path: PATH })
    expect(server.requests.map(({ method }) => method)).toEqual(['GET'])
  })

  test('lets no second try of a write leave', async () => {
    const { gate: writeGate, shut } = gate()
    server.injectFault(all, { status: 429, reason: 'TooMany', retryAfterSeconds: 1 })
    const failure = expect(create(createGatedClient(api, writeGate))).rejects.toMatchObject({
      reason: 'NotLeading',
    })
    await clock.whenTimerSet((delayMs) => delayMs === 1000)
    shut()
    clock.advance(1000)
    await failure
    expect(server.requests).toHaveLength(1)
  })

  test('ends a write that hangs', async () => {
    const { gate: writeGate, abort } = gate()
    server.injectFault(all, 'hang')
    const failure = expect(create(createGatedClient(api, writeGate))).rejects.toMatchObject({
      reason: 'NotLeading',
    })
    await server.waitForRequest(all)
    abort()
    await failure
  })
})

test('a request carries the credentials, the path of the server and only the parameters that are set', async () => {
  await api.request({ method: 'GET', path: PATH, query: { limit: 5, continue: undefined } })
  expect(server.requests[0]?.query).toEqual({ limit: '5' })
  expect(server.authorizations).toEqual(['Bearer secret'])
})

test('a kubeconfig without a current cluster is refused', () => {
  const config = server.kubeConfig
  config.setCurrentContext('elsewhere')
  expect(() => createApiEndpoint(config)).toThrow('has no current cluster')
})
