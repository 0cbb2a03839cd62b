import { describe, expect, test } from 'vitest'
import { TRAINING } from '../../../contract/task-address.ts'
import { API_GROUP_VERSION, RUN_KIND } from '../../../crds/names.ts'
import type { NeCoRun, RunStatus } from '../../../crds/necorun.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { buildConditions } from '../conditions.ts'
import {
  buildUnshippedPatch,
  type EndedRun,
  listStartedAttempts,
  planReader,
} from './plan-reader.ts'

const scenes = { kind: 'Scenes' as const, count: 64 }
const quality = {
  name: 'quality',
  protocols: ['InContext' as const],
  memory: scenes,
  validation: scenes,
  at: [1],
}
const ENDED_MS = 100_000
const LATER_MS = ENDED_MS + 60_000

const aStatus = (changes: Partial<RunStatus> = {}): RunStatus => ({
  conditions: buildConditions(
    { state: 'Succeeded', message: '', generation: 1, nowMs: ENDED_MS },
    [],
  ),
  runKey: 'key',
  tasks: [
    { kind: 'Training', name: 'training', attempt: 2, state: 'Succeeded' },
    { kind: 'Evaluation', name: 'quality', attempt: 1, state: 'Succeeded' },
  ],
  ...changes,
})

const aRun = (status: RunStatus): NeCoRun => ({
  apiVersion: API_GROUP_VERSION,
  kind: RUN_KIND,
  metadata: { name: 'study', namespace: 'team', uid: 'uid', generation: 1 },
  spec: { data: scenes, queueName: 'gpus', evaluations: [quality] },
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

const unshipped = (readers: number): RunStatus => aStatus({ unshippedReports: { readers } })

const ended = (changes: Partial<EndedRun> = {}): EndedRun => ({
  run: aRun(unshipped(0)),
  jobs: [aJob('study-a1'), aJob('study-a2'), aJob('study-e0-a1')],
  platform: { busState: 'Connected', hasUnshippedReports: true },
  nowMs: LATER_MS,
  ...changes,
})
const EMPTY_PLAN = { actions: [], events: [] }

describe('what a run writes down at its end', () => {
  test.each([
    ['Connected', true, { unshippedReports: { readers: 0 } }],
    ['Degraded', true, { unshippedReports: { readers: 0 } }],
    ['Connected', false, {}],
    ['Off', true, {}],
  ] as const)(
    'with a bus that is %s, and reports left: %s',
    (busState, hasUnshippedReports, statusPatch) => {
      expect(buildUnshippedPatch({ blockers: [], busState, hasUnshippedReports })).toEqual(
        statusPatch,
      )
    },
  )

  test('is about every attempt but those whose pods never ran', () => {
    const neverRan = aJob('study-a1', { state: 'Failed', startedMs: undefined as never })
    const run = aRun(aStatus())
    expect(listStartedAttempts({ run, jobs: [neverRan] })).toEqual([
      { task: TRAINING, attempt: 2 },
      { task: { kind: 'Evaluation', name: 'quality' }, attempt: 1 },
    ])
    expect(listStartedAttempts({ run, jobs: [] })).toHaveLength(3)
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
    expect(plan.status?.unshippedReports).toEqual({ readers: 1 })
    const run = aRun(plan.status ?? {})
    const pending = aJob('study-reader-1', { state: 'Pending' })
    expect(planReader(ended({ run, jobs: [pending] }))).toEqual(EMPTY_PLAN)
  })

  test('is not made where nothing is left, whatever arrives', () => {
    expect(planReader(ended({ run: aRun(aStatus()) }))).toEqual(EMPTY_PLAN)
  })

  test('waits for the bus, and for every pod of the run to end', () => {
    const platform = { busState: 'Degraded', hasUnshippedReports: true } as const
    expect(planReader(ended({ platform }))).toEqual(EMPTY_PLAN)
    const going = aJob('study-a1', { state: 'Failed', isEnding: true })
    expect(planReader(ended({ jobs: [going] }))).toEqual(EMPTY_PLAN)
  })

  test('waits for the last heartbeat of a pod that has just ended, and is not made once it has arrived', () => {
    expect(planReader(ended({ nowMs: ENDED_MS }))).toEqual({
      ...EMPTY_PLAN,
      requeueAfterMs: 10_000,
    })
    const platform = { busState: 'Connected', hasUnshippedReports: false } as const
    expect(planReader(ended({ nowMs: ENDED_MS, platform }))).toEqual({
      ...EMPTY_PLAN,
      status: aStatus(),
    })
  })

  test('has done its work when it has succeeded, also where the reports of an attempt have not arrived', () => {
    const jobs = [aJob('study-reader-1')]
    const { status, actions } = planReader(ended({ run: aRun(unshipped(1)), jobs }))
    expect([actions, status]).toEqual([[], aStatus()])
  })

  test('that failed is followed by another after a minute, five in all', () => {
    const failedAt = (readers: number, nowMs: number) =>
      planReader(
        ended({
          run: aRun(unshipped(readers)),
          jobs: [aJob(`study-reader-${readers}`, { state: 'Failed' })],
          nowMs,
        }),
      )
    expect(failedAt(1, ENDED_MS + 20_000)).toEqual({ ...EMPTY_PLAN, requeueAfterMs: 40_000 })
    expect(failedAt(1, LATER_MS).status?.unshippedReports).toEqual({ readers: 2 })
    expect(failedAt(5, LATER_MS)).toEqual(EMPTY_PLAN)
  })
})
