import { describe, expect, test } from 'vitest'
import { API_GROUP_VERSION, RUN_KIND } from '../../../crds/names.ts'
import type { NeCoRun, RunStatus } from '../../../crds/necorun.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { conditionsOf } from '../conditions.ts'
import { attemptsThatRan, type EndedRun, leftAtEnd, planReader } from './plan-reader.ts'

const ENDED_MS = 100_000
const LATER_MS = ENDED_MS + 60_000

const aStatus = (changes: Partial<RunStatus> = {}): RunStatus => ({
  conditions: conditionsOf({ state: 'Succeeded', message: '', generation: 1, nowMs: ENDED_MS }, []),
  runKey: 'key',
  work: [
    { name: 'train', attempt: 2, state: 'Succeeded' },
    { name: 'quality', attempt: 1, state: 'Succeeded' },
  ],
  ...changes,
})

const aRun = (status: RunStatus): NeCoRun => ({
  apiVersion: API_GROUP_VERSION,
  kind: RUN_KIND,
  metadata: { name: 'study', namespace: 'team', uid: 'uid', generation: 1 },
  spec: { data: { kind: 'Scenes', count: 64 }, queueName: 'gpus' },
  status,
})

const aJob = (name: string, changes: Partial<ObservedJob> = {}): ObservedJob => ({
  name,
  uid: `uid-of-${name}`,
  ownerUid: 'uid',
  state: 'Succeeded',
  isEnding: false,
  createdMs: 0,
  startedMs: 1000,
  endedMs: ENDED_MS,
  ...changes,
})

const left = (readers: number): RunStatus => aStatus({ leftReports: { readers } })

const ended = (changes: Partial<EndedRun> = {}): EndedRun => ({
  run: aRun(left(0)),
  jobs: [aJob('study-a1'), aJob('study-a2'), aJob('study-e0-a1')],
  home: { busState: 'Connected', hasLeftReports: true },
  nowMs: LATER_MS,
  ...changes,
})
const NOTHING = { actions: [], events: [] }

describe('what a run writes down at its end', () => {
  test.each([
    ['Connected', true, { leftReports: { readers: 0 } }],
    ['Degraded', true, { leftReports: { readers: 0 } }],
    ['Connected', false, {}],
    ['Off', true, {}],
  ] as const)('with a bus that is %s, and reports left: %s', (busState, hasLeftReports, facts) => {
    expect(leftAtEnd({ obstacles: [], busState, hasLeftReports })).toEqual(facts)
  })

  test('is about every attempt but those whose pods never ran', () => {
    const neverRan = aJob('study-a1', { state: 'Failed', startedMs: undefined as never })
    const run = aRun(aStatus())
    expect(attemptsThatRan({ run, jobs: [neverRan] })).toEqual([
      { work: 'train', attempt: 2 },
      { work: 'quality', attempt: 1 },
    ])
    expect(attemptsThatRan({ run, jobs: [] })).toHaveLength(3)
  })
})

describe('the reader', () => {
  test('is made once, in no queue, and looks under the key of its run', () => {
    const plan = planReader(ended())
    expect(plan.actions).toEqual([
      {
        kind: 'CreateReader',
        reader: {
          name: 'study-reader-1',
          namespace: 'team',
          owner: { name: 'study', uid: 'uid' },
          runKeys: ['key'],
          placement: {},
        },
      },
    ])
    expect(plan.status?.leftReports).toEqual({ readers: 1 })
    const run = aRun(plan.status ?? {})
    const pending = aJob('study-reader-1', { state: 'Pending' })
    expect(planReader(ended({ run, jobs: [pending] }))).toEqual(NOTHING)
  })

  test('is not made where nothing is left, whatever is heard', () => {
    expect(planReader(ended({ run: aRun(aStatus()) }))).toEqual(NOTHING)
  })

  test('waits for the bus, and for every pod of the run to end', () => {
    const home = { busState: 'Degraded', hasLeftReports: true } as const
    expect(planReader(ended({ home }))).toEqual(NOTHING)
    const going = aJob('study-a1', { state: 'Failed', isEnding: true })
    expect(planReader(ended({ jobs: [going] }))).toEqual(NOTHING)
  })

  test('waits for the last words of a pod that has just ended, and is not made once they are heard', () => {
    expect(planReader(ended({ nowMs: ENDED_MS }))).toEqual({ ...NOTHING, requeueAfterMs: 10_000 })
    const home = { busState: 'Connected', hasLeftReports: false } as const
    expect(planReader(ended({ nowMs: ENDED_MS, home }))).toEqual({
      ...NOTHING,
      status: aStatus(),
    })
  })

  test('has done its work when it has succeeded, also where an attempt is not heard', () => {
    const jobs = [aJob('study-reader-1')]
    const { status, actions } = planReader(ended({ run: aRun(left(1)), jobs }))
    expect([actions, status]).toEqual([[], aStatus()])
  })

  test('that failed is followed by another after a minute, five in all', () => {
    const failedAt = (readers: number, nowMs: number) =>
      planReader(
        ended({
          run: aRun(left(readers)),
          jobs: [aJob(`study-reader-${readers}`, { state: 'Failed' })],
          nowMs,
        }),
      )
    expect(failedAt(1, ENDED_MS + 20_000)).toEqual({ ...NOTHING, requeueAfterMs: 40_000 })
    expect(failedAt(1, LATER_MS).status?.leftReports).toEqual({ readers: 2 })
    expect(failedAt(5, LATER_MS)).toEqual(NOTHING)
  })
})
