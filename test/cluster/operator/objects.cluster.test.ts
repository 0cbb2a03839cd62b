import { KubeConfig } from '@kubernetes/client-node'
import { afterEach, describe, expect, test } from 'vitest'
import { API_GROUP_VERSION } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { Reflector } from '../../../kube/cache/reflector.ts'
import { type ApiClient, createApiClient } from '../../../kube/client/api-client.ts'
import { createApiEndpoint } from '../../../kube/client/api-endpoint.ts'
import { startLeaderElection } from '../../../kube/election/leader-election.ts'
import { createEventRecorder } from '../../../kube/events/event-recorder.ts'
import {
  type ClusterObjects,
  openClusterObjects,
} from '../../../operator/cluster/kubernetes-objects.ts'
import { describeObjectsContract } from '../../contract/objects-contract.ts'
import { systemClock } from '../kubelet/system-clock.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'

const testbed = sharedTestbed()
const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close()
})

function connect(kubeconfig = testbed.kubeconfig('admin')): ApiClient {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  const api = createApiClient({ endpoint: createApiEndpoint(config), clock: systemClock })
  opened.push(api)
  return api
}

function follow(api: ApiClient, namespace: string): ClusterObjects {
  const objects = openClusterObjects({ api, clock: systemClock, random: Math.random, namespace })
  opened.push(objects)
  return objects
}

const COLLECTIONS = ['necosweeps', 'necoruns'].map(
  (plural) => `/apis/neco.dev/v1alpha1/namespaces/default/${plural}`,
)

/** The contract suite writes to the namespace default, and starts with an empty one. */
async function emptyObjects(): Promise<ClusterObjects> {
  const api = connect()
  for (const path of COLLECTIONS) await api.request({ method: 'DELETE', path })
  for (const path of COLLECTIONS) {
    await waitUntil({
      what: `nothing at ${path}`,
      withinMs: 60_000,
      look: async () => {
        const list = (await api.request({ method: 'GET', path })) as { items: readonly unknown[] }
        return list.items.length === 0 || undefined
      },
    })
  }
  return follow(api, 'default')
}

describeObjectsContract('a real API server', emptyObjects)

const aRun = (namespace: string, name: string): NeCoRun => ({
  apiVersion: 'neco.dev/v1alpha1',
  kind: 'NeCoRun',
  metadata: { namespace, name },
  spec: { data: { kind: 'Scenes', count: 8 } },
})

describe('the objects of a real API server', () => {
  test('are rejected with their invalid fields: unknown, out of range, or of the status', async () => {
    const namespace = await testbed.newNamespace('objects')
    const { runs } = follow(connect(), namespace)
    const { spec } = aRun(namespace, 'a')
    const create = (change: object) =>
      runs.create({ ...aRun(namespace, 'a'), spec: { ...spec, ...change } })
    await expect(create({ nonsense: 1 })).rejects.toMatchObject({
      code: 'Invalid',
      message: expect.stringContaining('unknown field "spec.nonsense"'),
    })
    await expect(create({ seed: -1 })).rejects.toMatchObject({
      code: 'Invalid',
      causes: [{ field: 'spec.seed', message: expect.stringContaining('greater than or equal') }],
    })
    const key = { namespace, name: 'a' }
    const { resourceVersion } = (await create({})).metadata
    await expect(
      runs.writeStatus(key, { nonsense: 1 } as object, resourceVersion),
    ).rejects.toMatchObject({ code: 'Invalid' })
  })

  test('are Forbidden to a user without permissions', async () => {
    const namespace = await testbed.newNamespace('objects')
    const api = connect(testbed.kubeconfig('stranger'))
    const path = `/apis/neco.dev/v1alpha1/namespaces/${namespace}/necoruns`
    await expect(api.request({ method: 'GET', path })).rejects.toMatchObject({
      code: 'Forbidden',
      status: 403,
    })
  })

  test('are listed completely, page by page', async () => {
    const namespace = await testbed.newNamespace('objects')
    const { runs } = follow(connect(), namespace)
    const names = Array.from({ length: 501 }, (_, i) => `run-${String(i).padStart(3, '0')}`)
    for (let i = 0; i < names.length; i += 20) {
      await Promise.all(names.slice(i, i + 20).map((name) => runs.create(aRun(namespace, name))))
    }
    const again = follow(connect(), namespace)
    const found = (await again.runs.list()).map(({ metadata }) => metadata.name)
    expect(found.sort()).toEqual(names)
  })

  test('are watched through an outage of the API server, killed or frozen, without losing a change', async () => {
    const own = await testbed.startOwnTestbed()
    try {
      const api = connect(own.controlPlane.kubeconfig('admin'))
      const objects = openClusterObjects({
        api,
        clock: systemClock,
        random: Math.random,
        namespace: 'default',
        idleTimeoutMs: 3_000,
      })
      opened.push(objects)
      await objects.synced
      for (const how of ['Killed', 'Frozen'] as const) {
        await own.controlPlane.stopApiServer(how)
        await waitUntilSilent(objects)
        await own.controlPlane.startApiServer()
        const other = connect(own.controlPlane.kubeconfig('admin'))
        const path = '/apis/neco.dev/v1alpha1/namespaces/default/necoruns'
        const name = `after-${how.toLowerCase()}`
        await other.request({ method: 'POST', path, body: aRun('default', name) })
        await waitUntil({
          what: name,
          withinMs: 120_000,
          look: () => objects.runs.get({ namespace: 'default', name }),
        })
      }
    } finally {
      await own.close()
    }
  })
})

/** No event for longer than the timeout of a dead connection. */
const waitUntilSilent = (objects: Reflector): Promise<unknown> =>
  waitUntil({
    what: 'silence of the API server',
    withinMs: 60_000,
    look: async () => Date.now() - objects.lastEventMs() > 5_000 || undefined,
  })

describe('a Lease of a real API server', () => {
  test('has one holder, and the next after its release', async () => {
    const namespace = await testbed.newNamespace('lease')
    const startElection = (identity: string) => {
      const election = startLeaderElection({
        api: connect(),
        clock: { ...systemClock, nowMs: () => performance.now() },
        wallClockMs: Date.now,
        random: Math.random,
        lease: { namespace, name: 'neco-operator' },
        identity,
        timings: { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 200 },
      })
      opened.push(election)
      return election
    }
    const first = startElection('a')
    await first.elected
    const second = startElection('b')
    await waitUntil({
      what: 'b knows that a leads',
      withinMs: 30_000,
      look: async () => second.holder() === 'a' || undefined,
    })
    expect([first.isOpen(), second.isOpen()]).toEqual([true, false])
    await first.close()
    await second.elected
    expect([first.isOpen(), second.isOpen()]).toEqual([false, true])
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/neco-operator`
    const { spec } = (await connect().request({ method: 'GET', path })) as {
      spec: { leaseTransitions: number }
    }
    expect(spec.leaseTransitions).toBe(1)
  })
})

describe('Events on a real API server', () => {
  test('are listed by kubectl once, with their count', async () => {
    const namespace = await testbed.newNamespace('events')
    const api = connect()
    const { runs } = follow(api, namespace)
    const { metadata } = await runs.create(aRun(namespace, 'a'))
    const failures: unknown[] = []
    const recorder = createEventRecorder({
      api,
      clock: systemClock,
      reporter: { controller: 'neco-operator', instance: 'neco-operator-0' },
      onDropped: (error) => failures.push(error),
    })
    opened.push(recorder)
    for (let i = 0; i < 3; i++) {
      await recorder.publish({
        apiVersion: API_GROUP_VERSION,
        kind: 'NeCoRun',
        key: { namespace, name: 'a' },
        uid: metadata.uid,
        type: 'Warning',
        reason: 'OutOfMemory',
        message: `the pod ran out of memory ${'again '.repeat(300)}`,
      })
      await recorder.idle()
    }
    expect(failures).toEqual([])
    const shown = await testbed.kubectl.ok(['describe', 'necorun', 'a', '-n', namespace])
    expect(JSON.stringify(shown)).toMatch(/OutOfMemory.*x3/)
  })
})
