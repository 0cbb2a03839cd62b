import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { API_GROUP_VERSION } from '../../../crds/names.ts'
import type { NeCoSweep } from '../../../crds/necosweep.ts'
import { toCanonicalJson } from '../canonical-json.ts'
import { UNBLOCKED_PLATFORM } from '../platform-state.ts'
import { planSweep } from './plan-sweep.ts'
import {
  createSweepAggregate,
  type RunSummary,
  recordPoint,
  recordRun,
  type SweepAggregate,
} from './sweep-aggregate.ts'

const objective = { metric: 'inContextMiou' }
const aSweep = (axes: number, parallelism: number): NeCoSweep => ({
  apiVersion: API_GROUP_VERSION,
  kind: 'NeCoSweep',
  metadata: { name: 'large', uid: 'uid-large', generation: 1 },
  spec: {
    run: { data: { kind: 'Scenes', count: 4 } },
    axes: Array.from({ length: axes }, (_, i) => ({
      parameter:
        [
          'loss.lambda',
          'loss.studentSteepness',
          'loss.teacherSteepness',
          'optimizer.headLearningRate',
        ][i] ?? '',
      values: Array.from({ length: 10 }, (_, value) => (value + 1) / 10),
    })),
    parallelism,
    objective,
  },
})

/**
 * Plans, makes the planned runs live, and ends the oldest live run with some objective, until the
 * sweep has ended.
 */
function runSweepToEnd(sweep: NeCoSweep): {
  sweep: NeCoSweep
  aggregate: SweepAggregate
  largestStatus: number
} {
  const aggregate = createSweepAggregate()
  let largestStatus = 0
  for (;;) {
    const plan = planSweep({
      sweep,
      aggregate,
      problems: [],
      platform: UNBLOCKED_PLATFORM,
      nowMs: 0,
    })
    for (const action of plan.actions) {
      if (action.kind !== 'CreateRun') continue
      const number = Number(action.run.metadata.labels?.['neco.dev/point'])
      recordRun(aggregate, {
        number,
        name: action.run.metadata.name,
        state: 'Live',
        isSuspended: false,
        assignment: {},
      })
    }
    if (plan.status !== undefined) {
      sweep = { ...sweep, status: plan.status }
      largestStatus = Math.max(largestStatus, JSON.stringify(plan.status).length)
    }
    const oldest = aggregate.live.values().next().value
    if (oldest === undefined) return { sweep, aggregate, largestStatus }
    recordRun(aggregate, {
      ...oldest,
      state: 'Succeeded',
      objective: (oldest.number * 7919) % 10_007,
    })
    recordPoint(aggregate, { point: oldest.number, replicates: 1, objective })
  }
}

describe('ten thousand points', () => {
  test('end with a status below 64 KiB at every moment', () => {
    const { sweep, largestStatus } = runSweepToEnd(aSweep(4, 64))
    expect(sweep.status).toMatchObject({
      points: 10_000,
      total: 10_000,
      succeeded: 10_000,
      pending: 0,
      running: 0,
    })
    expect(largestStatus).toBeLessThan(64 * 1024)
  })

  test('list the ten best', () => {
    const { sweep } = runSweepToEnd(aSweep(3, 8))
    const all = Array.from({ length: 1000 }, (_, number) => (number * 7919) % 10_007)
    expect(sweep.status?.best?.map(({ mean }) => mean)).toEqual(
      all.toSorted((a, b) => b - a).slice(0, 10),
    )
  })
})

describe('an aggregate', () => {
  const facts = fc.record({
    number: fc.nat(11),
    name: fc.constant('run'),
    state: fc.constantFrom<RunSummary['state']>('Live', 'Succeeded', 'Failed'),
    isSuspended: fc.constant(false),
    assignment: fc.constant({}),
    cause: fc.constant('UserError' as const),
  })
  const sums = ({ live, failures, succeeded, failed, firstMissing }: SweepAggregate) => ({
    live: [...live.keys()].sort((a, b) => a - b),
    failures: [...failures].filter(([, count]) => count > 0),
    succeeded,
    failed,
    firstMissing,
  })

  test('of many changes equals that of the last state of each run', () => {
    fc.assert(
      fc.property(fc.array(facts, { maxLength: 60 }), (changes) => {
        const stepwise = createSweepAggregate()
        for (const change of changes) recordRun(stepwise, change)
        const rebuilt = createSweepAggregate()
        for (const last of new Map(changes.map((change) => [change.number, change])).values()) {
          recordRun(rebuilt, last)
        }
        expect(sums(stepwise)).toEqual(sums(rebuilt))
      }),
    )
  })

  test('has a deleted run created again', () => {
    const aggregate = createSweepAggregate()
    const sweep = aSweep(1, 10)
    for (const number of [0, 1, 2, 3, 5, 6, 7, 8, 9]) {
      recordRun(aggregate, {
        number,
        name: `large-${number}-r0`,
        state: 'Succeeded',
        isSuspended: false,
        assignment: {},
      })
    }
    const { actions } = planSweep({
      sweep,
      aggregate,
      problems: [],
      platform: UNBLOCKED_PLATFORM,
      nowMs: 0,
    })
    expect(
      actions.map((action) => action.kind === 'CreateRun' && action.run.metadata.name),
    ).toEqual(['large-4-r0'])
  })
})

test('lowering the parallelism creates no run and stops none', () => {
  const aggregate = createSweepAggregate()
  for (let number = 0; number < 3; number++) {
    recordRun(aggregate, {
      number,
      name: `large-${number}-r0`,
      state: 'Live',
      isSuspended: false,
      assignment: {},
    })
  }
  expect(
    planSweep({
      sweep: aSweep(1, 1),
      aggregate,
      problems: [],
      platform: UNBLOCKED_PLATFORM,
      nowMs: 0,
    }).actions,
  ).toEqual([])
})

test('replicate r trains with seed + r and is otherwise the same run', () => {
  const sweep = aSweep(1, 2)
  const twice = {
    ...sweep,
    spec: { ...sweep.spec, replicates: 2, run: { ...sweep.spec.run, seed: 7 } },
  }
  const { actions } = planSweep({
    sweep: twice,
    aggregate: createSweepAggregate(),
    problems: [],
    platform: UNBLOCKED_PLATFORM,
    nowMs: 0,
  })
  const runs = actions.flatMap((action) => (action.kind === 'CreateRun' ? [action.run] : []))
  expect(runs.map(({ metadata }) => metadata.name)).toEqual(['large-0-r0', 'large-0-r1'])
  expect(runs.map(({ spec }) => spec.seed)).toEqual([7, 8])
  expect({ ...runs[1]?.spec, seed: 7 }).toEqual(runs[0]?.spec)
})

test('an unchanged status is not written again, even if its keys come back in another order', () => {
  const platform = { ...UNBLOCKED_PLATFORM, busState: 'Connected' as const }
  const asked = { aggregate: createSweepAggregate(), problems: [], platform, nowMs: 0 }
  const sweep = aSweep(1, 0)
  const { status } = planSweep({ sweep, ...asked })
  const served = { ...sweep, status: JSON.parse(toCanonicalJson(status)) }
  expect(planSweep({ sweep: served, ...asked })).toEqual({ actions: [], events: [] })
})
