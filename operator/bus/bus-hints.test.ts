import { expect, test } from 'vitest'
import { aHeartbeat } from '../../test/contract/bus-contract.ts'
import { simulatedBus } from '../../test/fakes/simulated-bus.ts'
import { NOOP_BUS } from '../ports/bus.ts'
import { createBusHints } from './bus-hints.ts'

const address = { namespace: 'default', runUid: 'run-1', task: 'train', attempt: 1 }

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
  expect([hints.busState(), changes]).toEqual(['Connected', 0])
  bus.setAway(true)
  expect([hints.busState(), changes]).toEqual(['Degraded', 1])
  stop()
  bus.setAway(false)
  expect(changes).toBe(1)
})

test('a platform without a bus is Off and gives pods none', async () => {
  expect(createBusHints(NOOP_BUS).busState()).toBe('Off')
  expect(await NOOP_BUS.issueCredentials({ kind: 'Pod', ...address })).toBeUndefined()
  expect(await NOOP_BUS.sendCommand(address, { name: 'stop', timeoutMs: 1 })).toMatchObject({
    state: 'NoAnswer',
  })
})
