import { describe, expect, it } from 'vitest'
import type { CommandReply, CommandRequest, Heartbeat } from '../../contract/bus-messages.ts'
import type { AttemptAddress } from '../../contract/bus-names.ts'
import type { RunReport } from '../../contract/run-report.ts'
import { TRAINING } from '../../contract/task-address.ts'
import type { Bus } from '../../operator/ports/bus.ts'

/** A pod on the bus, with the credentials that the bus issued for its attempt. */
export interface PodHandle {
  readonly sendHeartbeat: (heartbeat: Heartbeat) => Promise<void>
  readonly serve: (answer: (request: CommandRequest) => CommandReply) => Promise<void>
}

/** A connected and empty bus, with control over its server and its pods. */
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

/** A report of a pod, made in the minute of its number. */
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

/** Resolves when the condition holds after an event of the bus. */
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

function describeHeartbeats(open: () => Promise<BusFixture>): void {
  it('has the newest heartbeat of an attempt with its run, and none of others', () =>
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

  it('takes the progress of a run from its newest training attempt, not from an evaluation', () =>
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
  const command = { name: 'checkpoint', timeoutMs: 20_000 } as const

  it('sends a command to the pod of an attempt and returns its response', () =>
    withBusFixture(open, async ({ bus, pod }) => {
      const requests: string[] = []
      const handle = await pod(attempt('run-1'), 'pod-a')
      await handle.serve(({ command: name }) => {
        requests.push(name)
        return requests.length > 1
          ? { state: 'Refused', code: 'Busy', message: 'not now' }
          : { state: 'Done', checkpoint }
      })
      const answer = await bus.sendCommand(attempt('run-1'), command)
      expect(answer).toEqual({ state: 'Done', checkpoint })
      const refused = await bus.sendCommand(attempt('run-1'), command)
      expect(refused).toEqual({ state: 'Refused', code: 'Busy', message: 'not now' })
      expect(requests).toEqual(['checkpoint', 'checkpoint'])
    }))

  it('fails where no pod responds', () =>
    withBusFixture(open, async ({ bus }) => {
      const answer = await bus.sendCommand(attempt('run-9'), command)
      expect(answer).toMatchObject({ state: 'NoAnswer' })
    }))
}

function describeOutage(open: () => Promise<BusFixture>): void {
  it('is Degraded while the server is away, fails nothing, and is Connected again after', () =>
    withBusFixture(open, async ({ bus, disconnect, reconnect }) => {
      expect(bus.health()).toMatchObject({ state: 'Connected' })
      const degraded = waitForBus(bus, () => bus.health().state === 'Degraded')
      await disconnect()
      await degraded
      expect(bus.health().problem).toMatchObject({ code: 'BusUnreachable' })
      const answer = await bus.sendCommand(attempt('run-1'), {
        name: 'checkpoint',
        timeoutMs: 20_000,
      })
      expect(answer).toMatchObject({ state: 'NoAnswer' })
      expect(await bus.issueCredentials({ kind: 'Pod', ...attempt('run-1') })).toBeDefined()
      const connected = waitForBus(bus, () => bus.health().state === 'Connected')
      await reconnect()
      await connected
      expect(bus.health()).toMatchObject({ state: 'Connected' })
    }))
}

/** The contract of every bus; `open` returns a new bus without messages. */
export function describeBusContract(name: string, open: () => Promise<BusFixture>): void {
  describe(`the bus: ${name}`, () => {
    describeHeartbeats(open)
    describeCommands(open)
    describeOutage(open)
  })
}
