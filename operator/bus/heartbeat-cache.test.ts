import { expect, test } from 'vitest'
import { buildProgressKey } from '../../contract/bus-names.ts'
import { TRAINING } from '../../contract/task-address.ts'
import { createHeartbeatCache } from './heartbeat-cache.ts'

const buildKey = (runUid: string) =>
  buildProgressKey({ namespace: 'team', runUid, task: TRAINING, attempt: 1 })
const buildHeartbeatText = (step: number): string =>
  JSON.stringify({
    schemaVersion: 1,
    run: 'study-0-r0',
    attempt: 1,
    podUid: 'pod',
    wallTime: '2026-01-01T00:00:00.000Z',
    step,
    totalSteps: 9,
    imagesSeen: 0,
    unshipped: 0,
    hasEnded: false,
  })

test('a heartbeat cache takes each revision once, and nothing that it cannot read', () => {
  const cache = createHeartbeatCache()
  expect(cache.receive(buildKey('run-1'), 2, buildHeartbeatText(2))).toBe('run-1')
  expect(cache.receive(buildKey('run-1'), 2, buildHeartbeatText(3))).toBeUndefined()
  expect(cache.receive(buildKey('run-1'), 3, '{')).toBeUndefined()
  expect(cache.receive('elsewhere', 4, buildHeartbeatText(4))).toBeUndefined()
  expect([cache.find(buildKey('run-1'))?.step, cache.findByRun('run-1')?.step]).toEqual([2, 2])
})

test('a full heartbeat cache drops the attempt whose last heartbeat is the oldest', () => {
  const cache = createHeartbeatCache(2)
  cache.receive(buildKey('run-1'), 1, buildHeartbeatText(1))
  cache.receive(buildKey('run-2'), 2, buildHeartbeatText(2))
  cache.receive(buildKey('run-1'), 3, buildHeartbeatText(3))
  cache.receive(buildKey('run-3'), 4, buildHeartbeatText(4))
  const steps = ['run-1', 'run-2', 'run-3'].map((run) => cache.find(buildKey(run))?.step)
  expect(steps).toEqual([3, undefined, 4])
  expect(cache.findByRun('run-2')).toBeUndefined()
})
