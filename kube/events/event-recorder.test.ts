import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FakeApiServer } from '../../test/fakes/fake-api-server.ts'
import { createManualClock, type ManualClock } from '../../test/fakes/manual-clock.ts'
import { type ApiClient, createApiClient } from '../client/api-client.ts'
import { createApiEndpoint } from '../client/api-endpoint.ts'
import type { ObjectEvent } from './event-object.ts'
import { createEventRecorder, type EventRecorder } from './event-recorder.ts'

const EVENTS = '/apis/events.k8s.io/v1/events'
const all = () => true

let server: FakeApiServer
let clock: ManualClock
let api: ApiClient
let recorder: EventRecorder
let failures: unknown[] = []

const open = (): EventRecorder =>
  createEventRecorder({
    api,
    clock,
    reporter: { controller: 'widget-controller', instance: 'widget-controller-0' },
    onDropped: (error) => failures.push(error),
  })

beforeEach(async () => {
  server = new FakeApiServer()
  await server.listen()
  clock = createManualClock(1_800_000_000_000)
  api = createApiClient({ endpoint: createApiEndpoint(server.kubeConfig), clock })
  failures = []
  recorder = open()
})
afterEach(async () => {
  await recorder.close()
  api.close()
  await server.close()
})

const buildTestEvent = (change: Partial<ObjectEvent> = {}): ObjectEvent => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  key: { namespace: 'default', name: 'study-0-r0' },
  uid: 'u',
  type: 'Normal',
  reason: 'Succeeded',
  message: 'the run ended well',
  ...change,
})
const stored = () => server.objects.list(EVENTS) as unknown as readonly Record<string, unknown>[]

describe('an event recorder', () => {
  test('publishes what happened to which object', async () => {
    await recorder.publish(buildTestEvent())
    await recorder.idle()
    expect(stored()).toMatchObject([
      {
        metadata: {
          namespace: 'default',
          name: expect.stringMatching(/^study-0-r0\.[0-9a-f]{16}$/),
        },
        eventTime: '2027-01-15T08:00:00.000000Z',
        reportingController: 'widget-controller',
        reportingInstance: 'widget-controller-0',
        type: 'Normal',
        reason: 'Succeeded',
        note: 'the run ended well',
        regarding: {
          apiVersion: 'example.com/v1',
          kind: 'Widget',
          namespace: 'default',
          name: 'study-0-r0',
          uid: 'u',
        },
      },
    ])
    expect(stored()[0]).not.toHaveProperty('series')
  })

  test('counts the same thing in one Event, and other things in others', async () => {
    for (let i = 0; i < 3; i++) {
      await recorder.publish(buildTestEvent())
      await recorder.idle()
      clock.advance(1000)
    }
    await recorder.publish(buildTestEvent({ message: 'the run ended otherwise' }))
    await recorder.idle()
    const series = { count: 3, lastObservedTime: '2027-01-15T08:00:02.000000Z' }
    expect(stored()).toHaveLength(2)
    expect(stored()[0]).toMatchObject({ series })
  })

  test('writes 25 times for one object, then once each five minutes, and loses no count', async () => {
    for (let i = 0; i < 100; i++) {
      await recorder.publish(buildTestEvent())
      await recorder.idle()
    }
    expect(server.requests).toHaveLength(25)
    await recorder.publish(buildTestEvent({ uid: 'other' }))
    await recorder.idle()
    expect(server.requests).toHaveLength(26)
    clock.advance(300_000)
    for (let i = 0; i < 2; i++) {
      await recorder.publish(buildTestEvent())
      await recorder.idle()
    }
    expect(server.requests).toHaveLength(27)
    expect(stored()[0]).toMatchObject({ series: { count: 101 } })
  })

  test('counts on where a process before it ended', async () => {
    for (let i = 0; i < 2; i++) {
      await recorder.publish(buildTestEvent())
      await recorder.idle()
    }
    const next = open()
    await next.publish(buildTestEvent())
    await next.idle()
    expect(stored()).toHaveLength(1)
    expect(stored()[0]).toMatchObject({ series: { count: 3 } })
  })

  test('makes an Event again that the API server no longer keeps', async () => {
    await recorder.publish(buildTestEvent())
    await recorder.idle()
    const [first] = server.objects.list(EVENTS)
    server.objects.delete(EVENTS, `default/${first?.metadata.name}`)
    await recorder.publish(buildTestEvent())
    await recorder.idle()
    expect(stored()).toMatchObject([{ series: { count: 2 } }])
  })

  test('lets its caller go on while the API server is away, and tells it later', async () => {
    const repair = server.injectFault(all, { status: 500, reason: 'InternalError' })
    await recorder.publish(buildTestEvent())
    const delayMs = await clock.whenTimerSet((each) => each < 30_000)
    repair()
    clock.advance(delayMs)
    await recorder.idle()
    expect([stored().length, failures]).toEqual([1, []])
  })

  test('gives up what is refused, and after five tries what cannot be sent', async () => {
    const repair = server.injectFault(all, { status: 403, reason: 'Forbidden' })
    await recorder.publish(buildTestEvent())
    await recorder.idle()
    repair()
    server.injectFault(all, { status: 500, reason: 'InternalError' })
    await recorder.publish(buildTestEvent({ reason: 'Later' }))
    for (let tries = 1; tries < 5; tries++) {
      clock.advance(await clock.whenTimerSet((delayMs) => delayMs < 30_000 && delayMs > 0))
      await server.waitForRequest(all)
    }
    await recorder.idle()
    expect(failures).toMatchObject([{ code: 'Forbidden' }, { code: 'Unavailable' }])
    expect(server.requests).toHaveLength(6)
  })

  test('says nothing of an Event that a namespace which is being deleted does not take', async () => {
    const causes = [{ reason: 'NamespaceTerminating', message: 'being terminated' }]
    server.injectFault(all, { status: 403, reason: 'Forbidden', details: { causes } })
    await recorder.publish(buildTestEvent())
    await recorder.idle()
    expect([server.requests.length, failures]).toEqual([1, []])
  })

  test('cuts a note that is longer than an API server takes', async () => {
    await recorder.publish(buildTestEvent({ message: 'ä'.repeat(2000) }))
    await recorder.idle()
    expect(Buffer.byteLength(String(stored()[0]?.['note']))).toBeLessThanOrEqual(1024)
  })
})
