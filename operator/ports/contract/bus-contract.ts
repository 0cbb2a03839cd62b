import { describe, expect, it } from 'vitest'
import type { CommandReply, CommandRequest, Heartbeat } from '../../../contract/bus-messages.ts'
import type { AttemptAddress } from '../../../contract/bus-names.ts'
import type { RunReport } from '../../../contract/run-report.ts'
import { TRAINING } from '../../../contract/task-address.ts'
import type { Bus } from '../bus.ts'

/** A pod on the bus, with the credentials that the bus made for its attempt. */
export interface PodHandle {
  /** Resolves when it is stored. */
  readonly report: (report: RunReport) => Promise<void>
  readonly sendHeartbeat: (heartbeat: Heartbeat) => Promise<void>
  readonly serve: (answer: (request: CommandRequest) => CommandReply) => Promise<void>
}

/** A bus that is connected and empty, and a hand on its server and its pods. */
export interface BusFixture {
  readonly bus: Bus
  readonly pod: (address: AttemptAddress, podUid: string) => Promise<PodHandle>
  readonly disconnect: () => Promise<void>
  readonly reconnect: () => Promise<void>
  readonly close: () => Promise<void>
}

const namespace = 'default'
const attempt = (runUid: string, number = 1, task = TRAINING): AttemptAddress => ({
  namespace,
  runUid,
  task,
  attempt: number,
})

/** A report of a pod, told in the minute of its number. */
export function aReport(podUid: string, sequence: number): RunReport {
  const minute = String(sequence).padStart(2, '0')
  return {
    schemaVersion: 1,
    run: 'study-0-r0',
    attempt: 1,
    podUid,
    sequence,
    kind: 'Step',
    step: sequence,
    totalSteps: 9,
    imagesSeen: 4 * sequence,
    wallTime: `2026-11-24T10:${minute}:00.000Z`,
    monotonicMs: sequence,
    metrics: { loss: 3.5 },
  }
}

/** The heartbeat of a pod at a step. */
export function aHeartbeat(podUid: string, step: number): Heartbeat {
  const minute = String(step).padStart(2, '0')
  return {
    schemaVersion: 1,
    run: 'study-0-r0',
    attempt: 1,
    podUid,
    wallTime: `2026-11-24T10:${minute}:00.000Z`,
    step,
    totalSteps: 9,
    imagesSeen: 4 * step,
    loss: 3.5,
    unshipped: 0,
    hasEnded: false,
  }
}

/** Resolves when the bus says something after which the condition holds. */
function waitForBus(bus: Bus, holds: () => boolean): Promise<void> {
  if (holds()) return Promise.resolve()
  return new Promise((resolve) => {
    const stop = bus.watch(() => {
      if (!holds()) return
      stop()
      resolve()
    })
  })
}

async function withBusFixture<T>(
  open: () => Promise<BusFixture>,
  check: (fixture: BusFixture) => Promise<T>,
) {
  const fixture = await open()
  try {
    await check(fixture)
  } finally {
    await fixture.close()
  }
}

function describeReports(open: () => Promise<BusFixture>): void {
  it('gives each report of a run once, however often it was told, in the order of its pod', () =>
    withBusFixture(open, async ({ bus, pod }) => {
      const [first, second, other] = await Promise.all([
        pod(attempt('run-1'), 'pod-a'),
        pod(attempt('run-1', 2), 'pod-b'),
        pod(attempt('run-2'), 'pod-c'),
      ])
      for (const sequence of [1, 3, 2, 1, 3, 4]) await first.report(aReport('pod-a', sequence))
      await second.report(aReport('pod-b', 5))
      await other.report(aReport('pod-c', 1))
      const reports = await bus.listReports({ namespace, runUid: 'run-1' })
      expect(reports.map(({ podUid, sequence }) => [podUid, sequence])).toEqual([
        ['pod-a', 1],
        ['pod-a', 2],
        ['pod-a', 3],
        ['pod-a', 4],
        ['pod-b', 5],
      ])
      expect(reports[0]).toEqual(aReport('pod-a', 1))
    }))

  it('gives none for a run that said nothing', () =>
    withBusFixture(open, async ({ bus }) => {
      expect(await bus.listReports({ namespace, runUid: 'run-9' })).toEqual([])
    }))
}

function describeHeartbeats(open: () => Promise<BusFixture>): void {
  it('keeps the newest heartbeat of an attempt, tells whose it was, and knows none of others', () =>
    withBusFixture(open, async ({ bus, pod }) => {
      const received: string[] = []
      bus.watch((change) => {
        if (change.kind === 'Run') received.push(change.runUid)
      })
      const handle = await pod(attempt('run-1'), 'pod-a')
      await handle.sendHeartbeat(aHeartbeat('pod-a', 1))
      await handle.sendHeartbeat(aHeartbeat('pod-a', 2))
      await waitForBus(bus, () => bus.findHeartbeat(attempt('run-1'))?.step === 2)
      expect(bus.findHeartbeat(attempt('run-1'))).toEqual(aHeartbeat('pod-a', 2))
      expect(bus.findRunHeartbeat('run-1')).toEqual(aHeartbeat('pod-a', 2))
      expect(bus.findHeartbeat(attempt('run-1', 2))).toBeUndefined()
      expect(bus.findRunHeartbeat('run-2')).toBeUndefined()
      expect(new Set(received)).toEqual(new Set(['run-1']))
    }))

  it('takes the newest attempt at the training for how far a run is, not an evaluation', () =>
    withBusFixture(open, async ({ bus, pod }) => {
      const evaluation = attempt('run-1', 1, { kind: 'Evaluation', name: 'training' })
      const tasks = [attempt('run-1', 2), attempt('run-1', 1), evaluation]
      for (const [position, task] of tasks.entries()) {
        const handle = await pod(task, `pod-${position}`)
        await handle.sendHeartbeat(aHeartbeat(`pod-${position}`, [4, 3, 5][position] ?? 0))
      }
      await waitForBus(bus, () => bus.findHeartbeat(evaluation) !== undefined)
      expect(bus.findRunHeartbeat('run-1')).toEqual(aHeartbeat('pod-0', 4))
    }))
}

function describeCommands(open: () => Promise<BusFixture>): void {
  const checkpoint = {
    step: 4,
    folder: 'runs/key/attempts/1-pod-a/checkpoints/step-00000004',
    digest: 'd'.repeat(64),
    wallTime: '2026-11-24T10:00:00.000Z',
  }
  const command = (name: 'checkpoint' | 'stop') => ({ name, timeoutMs: 20_000 })

  it('asks the pod of an attempt and gives its answer', () =>
    withBusFixture(open, async ({ bus, pod }) => {
      const requests: string[] = []
      const handle = await pod(attempt('run-1'), 'pod-a')
      await handle.serve(({ command: name }) => {
        requests.push(name)
        return name === 'stop'
          ? { state: 'Refused', code: 'Busy', message: 'not now' }
          : { state: 'Done', checkpoint }
      })
      const answer = await bus.sendCommand(attempt('run-1'), command('checkpoint'))
      expect(answer).toEqual({ state: 'Done', checkpoint })
      const refused = await bus.sendCommand(attempt('run-1'), command('stop'))
      expect(refused).toEqual({ state: 'Refused', code: 'Busy', message: 'not now' })
      expect(requests).toEqual(['checkpoint', 'stop'])
    }))

  it('says so where no pod answers', () =>
    withBusFixture(open, async ({ bus }) => {
      const answer = await bus.sendCommand(attempt('run-9'), command('stop'))
      expect(answer).toMatchObject({ state: 'NoAnswer' })
    }))
}

function describeOutage(open: () => Promise<BusFixture>): void {
  it('is Degraded while the server is away, fails nothing but reading, and is Connected again after', () =>
    withBusFixture(open, async ({ bus, pod, disconnect, reconnect }) => {
      expect(bus.health()).toMatchObject({ state: 'Connected' })
      const handle = await pod(attempt('run-1'), 'pod-a')
      await handle.report(aReport('pod-a', 1))
      const degraded = waitForBus(bus, () => bus.health().state === 'Degraded')
      await disconnect()
      await degraded
      expect(bus.health().problem).toMatchObject({ code: 'BusUnreachable' })
      const answer = await bus.sendCommand(attempt('run-1'), { name: 'stop', timeoutMs: 20_000 })
      expect(answer).toMatchObject({ state: 'NoAnswer' })
      const reading = bus.listReports({ namespace, runUid: 'run-1' })
      await expect(reading).rejects.toMatchObject({ code: 'BusUnreachable' })
      expect(await bus.issueCredentials({ kind: 'Pod', ...attempt('run-1') })).toBeDefined()
      const connected = waitForBus(bus, () => bus.health().state === 'Connected')
      await reconnect()
      await connected
      const [newest, ...others] = await bus.listReports({ namespace, runUid: 'run-1' })
      expect([newest, others]).toEqual([aReport('pod-a', 1), []])
    }))
}

/** What the operator relies on, whatever the bus; `open` gives a bus without messages each time. */
export function describeBusContract(name: string, open: () => Promise<BusFixture>): void {
  describe(`the bus: ${name}`, () => {
    describeReports(open)
    describeHeartbeats(open)
    describeCommands(open)
    describeOutage(open)
  })
}
