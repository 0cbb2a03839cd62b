import { expect, test } from 'vitest'
import { TRAINING } from '../../contract/task-address.ts'
import { aHeartbeat } from '../../test/contract/bus-contract.ts'
import { simulatedBus } from '../../test/fakes/simulated-bus.ts'
import { NOOP_BUS } from '../ports/bus.ts'
import { createBusHints } from './bus-hints.ts'

const address = { namespace: 'default', runUid: 'run-1', task: TRAINING, attempt: 1 }

test('the controllers learn how far a run is, and whether the bus is there', () => {
  const bus = simulatedBus(() => 0)
  const hints = createBusHints(bus)
  let changes = 0
  const stop = hints.watchBus(() => {
    changes++
  })
  bus.publishHeartbeat(address, aHeartbeat('pod', 3))
  expect(hints.findProgress('run-1')).toEqual({ step: 3, totalSteps: 9, metrics: { loss: 3.5 } })
  expect(hints.findProgress('run-2')).toBeUndefined()
  expect(hints.findCheckpoint('run-1')).toBeUndefined()
  expect([hints.busState(), changes]).toEqual(['Connected', 0])
  bus.setAway(true)
  expect([hints.busState(), changes]).toEqual(['Degraded', 1])
  stop()
  bus.setAway(false)
  expect(changes).toBe(1)
})

test('a newer checkpoint of a training is reported once, however often its pod repeats it', () => {
  const bus = simulatedBus(() => 0)
  const hints = createBusHints(bus)
  const changed: string[] = []
  const stop = hints.watchCheckpoints((runUid) => changed.push(runUid))
  const beat = (step: number, checkpointStep: number) => {
    const wallTime = `2026-11-24T10:00:0${step}.000Z`
    const checkpoint = { step: checkpointStep, folder: 'f', digest: 'd', wallTime }
    bus.publishHeartbeat(address, { ...aHeartbeat('pod', step), wallTime, checkpoint })
  }
  beat(3, 2)
  beat(4, 2)
  expect([hints.findCheckpoint('run-1'), changed]).toEqual([{ step: 2, totalSteps: 9 }, ['run-1']])
  beat(6, 5)
  stop()
  beat(9, 8)
  expect(changed).toEqual(['run-1', 'run-1'])
})

test('a platform without a bus is Off and gives pods none', async () => {
  expect(createBusHints(NOOP_BUS).busState()).toBe('Off')
  expect(await NOOP_BUS.issueCredentials({ kind: 'Pod', ...address })).toBeUndefined()
  expect(await NOOP_BUS.sendCommand(address, { name: 'checkpoint', timeoutMs: 1 })).toMatchObject({
    state: 'NoAnswer',
  })
})
