import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FakeApiServer, type FakeRequest } from '../../test/fakes/fake-api-server.ts'
import type { FakeObject } from '../../test/fakes/fake-objects.ts'
import { createManualClock, type ManualClock } from '../../test/fakes/manual-clock.ts'
import { type ApiClient, createApiClient } from '../client/api-client.ts'
import { createApiEndpoint } from '../client/api-endpoint.ts'
import { createGatedClient } from '../client/gated-client.ts'
import { type LeaderElection, startLeaderElection } from './leader-election.ts'
import type { LeaseSpec } from './lease-lock.ts'

const LEASES = '/apis/coordination.k8s.io/v1/leases'
const lease = { namespace: 'system', name: 'widget-controller' }
const all = () => true
const isWrite = ({ method }: FakeRequest): boolean => method === 'PUT' || method === 'POST'
const isRead = ({ method }: FakeRequest): boolean => method === 'GET'
const isRetry = (delayMs: number): boolean => delayMs === 2000

let server: FakeApiServer
let clock: ManualClock
let api: ApiClient
const opened: LeaderElection[] = []
let lost: string[] = []

beforeEach(async () => {
  server = new FakeApiServer()
  await server.listen()
  clock = createManualClock()
  api = createApiClient({ endpoint: createApiEndpoint(server.kubeConfig), clock })
  lost = []
})
afterEach(async () => {
  server.injectFault(all, 'reset')
  for (const election of opened.splice(0)) await election.close()
  api.close()
  await server.close()
})

function openElection(identity: string): LeaderElection {
  const election = startLeaderElection({
    api,
    clock,
    wallClockMs: () => 1_800_000_000_000 + clock.nowMs(),
    random: () => 0,
    lease,
    identity,
    onStoppedLeading: () => lost.push(identity),
  })
  opened.push(election)
  return election
}

const readLeaseSpec = (): LeaseSpec => {
  const [object] = server.objects.list(LEASES) as (FakeObject & { spec: LeaseSpec })[]
  return object?.spec ?? {}
}

/** Waits until the candidate rests, and lets the rest pass. */
async function retry(): Promise<void> {
  await clock.whenTimerSet(isRetry)
  clock.advance(2000)
}

/** Lets the candidate try until it has sent a request that fits. */
async function retryUntil(fits: (request: FakeRequest) => boolean): Promise<void> {
  const sent = server.waitForRequest(fits)
  await retry()
  await sent
}

describe('an election by Lease', () => {
  test('is won at once where there is no Lease, and held by renewing every 2 s', async () => {
    const election = openElection('a')
    expect(election.isOpen()).toBe(false)
    await election.elected
    expect(readLeaseSpec()).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '2027-01-15T08:16:40.000000Z',
      renewTime: '2027-01-15T08:16:40.000000Z',
      leaseTransitions: 0,
    })
    for (let i = 0; i < 20; i++) await retryUntil(isWrite)
    await clock.whenTimerSet(isRetry)
    expect([election.isOpen(), election.signal.aborted, lost]).toEqual([true, false, []])
    expect(readLeaseSpec()).toMatchObject({
      acquireTime: '2027-01-15T08:16:40.000000Z',
      renewTime: '2027-01-15T08:17:20.000000Z',
    })
  })

  test('is won from a holder that is gone 15 s after its last sign was seen, at the next try', async () => {
    const spec = { holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 3 }
    server.objects.create(LEASES, { metadata: lease, spec })
    const startMs = clock.nowMs()
    const election = openElection('b')
    for (let i = 0; i < 7; i++) await retryUntil(isRead)
    await clock.whenTimerSet(isRetry)
    expect([election.isOpen(), election.holder(), clock.nowMs() - startMs]).toEqual([
      false,
      'a',
      14_000,
    ])
    await retry()
    await election.elected
    expect(clock.nowMs() - startMs).toBe(16_000)
    expect(readLeaseSpec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 4 })
  })

  test('never has two that may write, whatever hangs', async () => {
    const first = openElection('a')
    await first.elected
    await clock.whenTimerSet(isRetry)
    server.injectFault(
      ({ body }) => JSON.stringify(body ?? '').includes('"holderIdentity":"a"'),
      'hang',
    )
    const second = openElection('b')
    while (!second.isOpen()) {
      await clock.whenTimerSet(isRetry)
      clock.advance(500)
      await new Promise(setImmediate)
      expect(first.isOpen() && second.isOpen()).toBe(false)
    }
    expect(readLeaseSpec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 })
    expect([lost, second.holder()]).toEqual([['a'], 'b'])
  })

  test('is lost 10 s after the last renewal that succeeded was sent, even while a request hangs', async () => {
    const election = openElection('a')
    await election.elected
    await clock.whenTimerSet(isRetry)
    server.injectFault(all, 'hang')
    await retryUntil(isWrite)
    clock.advance(7999)
    expect([election.isOpen(), election.signal.aborted]).toEqual([true, false])
    clock.advance(1)
    expect([election.isOpen(), election.signal.aborted, lost]).toEqual([false, true, ['a']])
  })

  test('lets no write of the loser leave, not even before its timers fire', async () => {
    const election = openElection('a')
    await election.elected
    const gated = createGatedClient(api, election)
    const body = { metadata: { name: 'x', namespace: 'system' } }
    const create = () =>
      gated.request({ method: 'POST', path: '/api/v1/namespaces/system/pods', body })
    await create()
    clock.advanceWithoutTimers(10_000)
    expect([election.isOpen(), election.signal.aborted]).toEqual([false, false])
    const sent = server.requests.length
    await expect(create()).rejects.toMatchObject({ reason: 'NotLeading' })
    expect(server.requests).toHaveLength(sent)
  })

  test('survives that the API server is away for less than the deadline', async () => {
    const election = openElection('a')
    await election.elected
    await clock.whenTimerSet(isRetry)
    const repair = server.injectFault(all, { status: 500, reason: 'InternalError' })
    for (let i = 0; i < 3; i++) await retryUntil(isWrite)
    await clock.whenTimerSet(isRetry)
    repair()
    await retryUntil(isWrite)
    await clock.whenTimerSet(isRetry)
    clock.advance(1999)
    expect([election.isOpen(), lost]).toEqual([true, []])
  })

  test('is lost at once when another holds the Lease', async () => {
    const election = openElection('a')
    await election.elected
    await clock.whenTimerSet(isRetry)
    const spec = { holderIdentity: 'b', leaseDurationSeconds: 15, leaseTransitions: 1 }
    server.objects.write(LEASES, 'system/widget-controller', { spec })
    const ended = new Promise((resolve) => election.signal.addEventListener('abort', resolve))
    await retry()
    await ended
    expect([lost, readLeaseSpec().holderIdentity]).toEqual([['a'], 'b'])
  })

  test('is not lost when somebody adds a label to the Lease', async () => {
    const election = openElection('a')
    await election.elected
    await clock.whenTimerSet(isRetry)
    server.objects.write(LEASES, 'system/widget-controller', {})
    await retryUntil(isRead)
    await retryUntil(isWrite)
    await clock.whenTimerSet(isRetry)
    expect([election.isOpen(), readLeaseSpec().holderIdentity, lost]).toEqual([true, 'a', []])
  })

  test('gives the Lease back when it is closed, so that the next need not wait', async () => {
    const first = openElection('a')
    await first.elected
    const second = openElection('b')
    await clock.whenTimerSet(isRetry)
    await first.close()
    expect([first.isOpen(), first.signal.aborted, lost]).toEqual([false, true, []])
    expect(readLeaseSpec()).toMatchObject({ holderIdentity: '', leaseTransitions: 0 })
    await retry()
    await second.elected
    expect(readLeaseSpec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 })
  })

  test('waits while the API server is away, and is won when it is back', async () => {
    const repair = server.injectFault(all, { status: 503, reason: 'Unavailable' })
    const election = openElection('a')
    await retryUntil(isRead)
    await clock.whenTimerSet(isRetry)
    repair()
    await retry()
    await election.elected
    expect(election.isOpen()).toBe(true)
  })
})
