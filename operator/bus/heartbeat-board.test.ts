import { expect, test } from 'vitest'
import { buildProgressKey } from '../../contract/bus-names.ts'
import { TRAINING } from '../../contract/task-address.ts'
import { heartbeatBoard } from './heartbeat-board.ts'

const keyOf = (runUid: string) =>
  buildProgressKey({ namespace: 'team', runUid, task: TRAINING, attempt: 1 })
const beatAt = (step: number): string =>
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

test('a board hears each revision once, and nothing that it cannot read', () => {
  const board = heartbeatBoard()
  expect(board.hear(keyOf('run-1'), 2, beatAt(2))).toBe('run-1')
  expect(board.hear(keyOf('run-1'), 2, beatAt(3))).toBeUndefined()
  expect(board.hear(keyOf('run-1'), 3, '{')).toBeUndefined()
  expect(board.hear('elsewhere', 4, beatAt(4))).toBeUndefined()
  expect([board.of(keyOf('run-1'))?.step, board.ofRun('run-1')?.step]).toEqual([2, 2])
})

test('a board that is full forgets who was not heard of for longest', () => {
  const board = heartbeatBoard(2)
  board.hear(keyOf('run-1'), 1, beatAt(1))
  board.hear(keyOf('run-2'), 2, beatAt(2))
  board.hear(keyOf('run-1'), 3, beatAt(3))
  board.hear(keyOf('run-3'), 4, beatAt(4))
  const steps = ['run-1', 'run-2', 'run-3'].map((run) => board.of(keyOf(run))?.step)
  expect(steps).toEqual([3, undefined, 4])
  expect(board.ofRun('run-2')).toBeUndefined()
})
