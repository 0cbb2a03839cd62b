import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { API_GROUP, API_GROUP_VERSION } from '../../crds/names.ts'
import { FakeApiServer, type FakeRequest } from '../../test/fakes/fake-api-server.ts'
import { createManualClock, type ManualClock } from '../../test/fakes/manual-clock.ts'
import { OperatorConfig } from '../config.ts'
import { createLog } from '../observability/log.ts'
import type { OperatorDependencies, OperatorOutcome } from './operator-dependencies.ts'
import { runOperator } from './run-operator.ts'

const RESOURCES = ['necoruns', 'necoruns/status', 'necosweeps', 'necosweeps/status']

let server: FakeApiServer
let clock: ManualClock
const operators: TestOperator[] = []
beforeEach(async () => {
  clock = createManualClock()
  server = new FakeApiServer()
  server.documents.set(`/apis/${API_GROUP}`, { versions: [{ version: 'v1alpha1' }] })
  server.documents.set(`/apis/${API_GROUP_VERSION}`, {
    resources: RESOURCES.map((name) => ({ name })),
  })
  await server.listen()
})
afterEach(async () => {
  for (const operator of operators.splice(0)) await operator.stop()
  await server.close()
})

interface Line {
  readonly message: string
  readonly note?: string
  readonly healthPort?: number
  readonly metricsPort?: number
}

/**
 * An operator in this process, on the fake server; its time stands still until a test turns the
 * clock.
 */
class TestOperator {
  readonly lines: Line[] = []
  readonly ended: Promise<OperatorOutcome>
  losses = 0
  readonly #stop = new AbortController()
  readonly #waiting = new Set<() => void>()

  constructor(name: string, config: object = {}) {
    operators.push(this)
    this.ended = runOperator(this.#buildDependencies(name, config), this.#stop.signal)
  }

  /** The line with this message, as soon as it is there. */
  async waitForLog(message: string): Promise<Line> {
    for (;;) {
      const line = this.lines.find((one) => one.message === message)
      if (line !== undefined) return line
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  async stop(): Promise<OperatorOutcome> {
    this.#stop.abort()
    return this.ended
  }

  async get(which: 'healthPort' | 'metricsPort', path: string) {
    const { [which]: port } = await this.waitForLog('listening')
    const answer = await fetch(`http://127.0.0.1:${port}${path}`)
    return { status: answer.status, text: await answer.text() }
  }

  #write(line: string): void {
    this.lines.push(JSON.parse(line))
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  #buildDependencies(name: string, config: object): OperatorDependencies {
    return {
      config: OperatorConfig.parse({ ports: { metrics: 0, health: 0 }, ...config }),
      kubeConfig: server.kubeConfig,
      identity: name,
      namespace: 'neco',
      log: createLog({ level: 'debug', write: (line) => this.#write(line), nowMs: Date.now }),
      clock,
      monotonicClock: clock,
      random: () => 0,
      lagMonitor: { sample: () => ({ p50: 0, p99: 0, max: 0 }), close: () => undefined },
      readProcessUsage: () => ({
        residentBytes: 1,
        heapUsedBytes: 1,
        cpuSeconds: 1,
        startSeconds: 1,
      }),
      onLeaseLost: () => {
        this.losses++
      },
    }
  }
}

/** Lets the time pass that whoever waits to try again has set. */
async function passDelay(restMs: number): Promise<void> {
  await clock.whenTimerSet((delayMs) => delayMs === restMs)
  clock.advance(restMs)
}

const LEASE_REST_MS = 2_000
const SERVER_REST_MS = 1_000
const isWrite = ({ method }: FakeRequest): boolean => method !== 'GET'
const leaseHolder = (): unknown => {
  const [lease] = server.objects.list('/apis/coordination.k8s.io/v1/leases', 'neco')
  return (lease as unknown as { spec: { holderIdentity: string } }).spec.holderIdentity
}

describe('the operator', () => {
  test('leads when the lease is free, says so, and gives it back when it is stopped', async () => {
    const operator = new TestOperator('a')
    await operator.waitForLog('controllers started')
    expect(await operator.get('healthPort', '/readyz')).toEqual({ status: 200, text: 'Leading\n' })
    const { text } = await operator.get('metricsPort', '/metrics')
    expect(text).toContain('leader_election_master_status{name="neco-operator"} 1')
    expect(text).toContain('rest_client_requests_total{code="200",method="GET"}')
    expect(text).toContain('neco_watch_last_event_timestamp_seconds{kind="Pod"}')
    expect(await operator.stop()).toEqual({ kind: 'Stopped' })
    expect(leaseHolder()).toBe('')
  })

  test('stands by, ready and without a write, while another leads, and takes over when it ends', async () => {
    const first = new TestOperator('a')
    await first.waitForLog('controllers started')
    const second = new TestOperator('b')
    await second.waitForLog('lease has a holder')
    expect(await second.get('healthPort', '/readyz')).toEqual({ status: 200, text: 'Standby\n' })
    expect((await second.get('metricsPort', '/metrics')).text).toContain(
      'leader_election_master_status{name="neco-operator"} 0',
    )
    await first.stop()
    await passDelay(LEASE_REST_MS)
    await second.waitForLog('controllers started')
    expect(leaseHolder()).toBe('b')
  })

  test('ends when it loses the lease, and writes nothing after', async () => {
    const operator = new TestOperator('a')
    await operator.waitForLog('controllers started')
    server.injectFault(isWrite, 'hang')
    const renewal = server.waitForRequest(isWrite)
    await passDelay(LEASE_REST_MS)
    await renewal
    clock.advance(10_000)
    expect(await operator.ended).toEqual({ kind: 'LeaseLost' })
    expect(operator.losses).toBe(1)
    const writes = server.requests.filter(isWrite).length
    await new Promise(setImmediate)
    expect(server.requests.filter(isWrite)).toHaveLength(writes)
  })

  test('waits for an API server that is away, alive but not ready', async () => {
    const recover = server.injectFault(() => true, { status: 503, reason: 'ServiceUnavailable' })
    const operator = new TestOperator('a')
    await operator.waitForLog('API server is away; it is tried again')
    expect((await operator.get('healthPort', '/healthz')).status).toBe(200)
    expect(await operator.get('healthPort', '/readyz')).toEqual({ status: 503, text: 'Waiting\n' })
    recover()
    await passDelay(SERVER_REST_MS)
    await operator.waitForLog('controllers started')
  })

  test('stays alive and ready while the API server is away later on', async () => {
    const operator = new TestOperator('a')
    await operator.waitForLog('controllers started')
    server.injectFault(() => true, 'reset')
    server.endWatches('reset')
    await operator.waitForLog('watch failed; it is tried again')
    expect((await operator.get('healthPort', '/healthz')).status).toBe(200)
    expect((await operator.get('healthPort', '/readyz')).status).toBe(200)
  })

  test('can be stopped while it waits', async () => {
    server.injectFault(() => true, 'reset')
    const operator = new TestOperator('a')
    await operator.waitForLog('API server is away; it is tried again')
    expect(await operator.stop()).toEqual({ kind: 'Stopped' })
  })

  test('refuses to start without the CRDs, without rights, and on a port that is taken', async () => {
    const leader = new TestOperator('a')
    const { healthPort = 0 } = await leader.waitForLog('listening')
    await leader.waitForLog('controllers started')
    const onTaken = new TestOperator('b', { ports: { metrics: 0, health: healthPort } })
    expect(await onTaken.ended).toEqual({
      kind: 'Refused',
      message: `port ${healthPort} cannot be listened on (EADDRINUSE); set ports.health`,
    })
    server.documents.delete(`/apis/${API_GROUP}`)
    expect(await new TestOperator('c').ended).toMatchObject({
      kind: 'Refused',
      message: expect.stringContaining('are not installed'),
    })
    server.injectFault(() => true, { status: 401, reason: 'Unauthorized' })
    expect(await new TestOperator('d').ended).toMatchObject({
      kind: 'Refused',
      message: expect.stringContaining('does not know who this is'),
    })
  })

  test('refuses files of the bus that cannot be read', async () => {
    const nats = {
      servers: ['tls://n:4222'],
      credentialsFile: '/nowhere/user.creds',
      accountSigningKeyFile: '/nowhere/key.nk',
    }
    expect(await new TestOperator('a', { nats }).ended).toEqual({
      kind: 'Refused',
      message:
        'nats.credentialsFile: /nowhere/user.creds cannot be read (ENOENT); nats.accountSigningKeyFile: /nowhere/key.nk cannot be read (ENOENT)',
    })
  })
})
