import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ApiClient, createApiClient } from '../../kube/client/api-client.ts'
import { createApiEndpoint } from '../../kube/client/api-endpoint.ts'
import { describeObjectsContract } from '../../test/contract/objects-contract.ts'
import { FakeApiServer } from '../../test/fakes/fake-api-server.ts'
import { createManualClock } from '../../test/fakes/manual-clock.ts'
import { type ClusterObjects, openClusterObjects } from './kubernetes-objects.ts'

let server: FakeApiServer
const opened: (ClusterObjects | ApiClient)[] = []
beforeEach(async () => {
  server = new FakeApiServer()
  await server.listen()
})
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close()
  await server.close()
})

function open(namespace?: string): ClusterObjects {
  const clock = createManualClock()
  const api = createApiClient({ endpoint: createApiEndpoint(server.kubeConfig), clock })
  const objects = openClusterObjects({ api, clock, random: () => 0, namespace })
  opened.push(objects, api)
  return objects
}

describeObjectsContract('a fake API server', async () => open())
describeObjectsContract('one namespace of a fake API server', async () => open('default'))

const RUNS = '/apis/neco.dev/v1alpha1/necoruns'
const key = { namespace: 'default', name: 'a' }
const aRun = { metadata: key, spec: { data: { kind: 'Scenes', count: 8 } } }

describe('the objects of a fake API server', () => {
  test('are written with strict validation, as one field manager, and the status by an apply with a precondition', async () => {
    server.objects.create(RUNS, aRun)
    const { runs } = open()
    const { metadata } = (await runs.get(key)) ?? {}
    await runs.writeStatus(key, { step: 1 }, metadata?.resourceVersion ?? '')
    expect(server.requests.at(-1)).toEqual({
      method: 'PATCH',
      path: '/apis/neco.dev/v1alpha1/namespaces/default/necoruns/a/status',
      query: { fieldManager: 'neco-operator', fieldValidation: 'Strict' },
      contentType: 'application/apply-patch+yaml',
      body: {
        apiVersion: 'neco.dev/v1alpha1',
        kind: 'NeCoRun',
        metadata: { ...key, resourceVersion: '101' },
        status: { step: 1 },
      },
    })
  })

  test('say at start-up that they can wait, and later that they cannot', async () => {
    server.objects.create(RUNS, aRun)
    const { runs, synced } = open()
    const received: string[] = []
    const isReceived = Promise.withResolvers<void>()
    runs.watch(({ name }, urgency) => {
      received.push(`${name} ${urgency}`)
      if (received.length === 2) isReceived.resolve()
    })
    await synced
    server.objects.write(RUNS, 'default/a', { status: { step: 3 } })
    await isReceived.promise
    expect(received).toEqual(['a resync', 'a live'])
  })

  test('are notified once when we write them, not again when the watch reports it', async () => {
    const { runs, synced } = open()
    await synced
    const received: string[] = []
    const isReceived = Promise.withResolvers<void>()
    runs.watch(({ name }) => {
      received.push(name)
      if (name === 'last') isReceived.resolve()
    })
    await runs.create({ apiVersion: 'neco.dev/v1alpha1', kind: 'NeCoRun', ...aRun } as never)
    server.objects.create(RUNS, { ...aRun, metadata: { ...key, name: 'last' } })
    await isReceived.promise
    expect(received).toEqual(['a', 'last'])
  })

  test('tell whoever waits for them that they were closed, and nobody else', async () => {
    server.injectFault(() => true, 'hang')
    const asked = server.waitForRequest(() => true)
    const { runs, close } = open()
    const reading = expect(runs.get(key)).rejects.toMatchObject({ code: 'Unavailable' })
    await asked
    await close()
    await reading
  })
})
