import { describe, expect, test } from 'vitest'
import { ANNOTATIONS, API_GROUP_VERSION } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { NeCoSweep } from '../../../crds/necosweep.ts'
import type { SearchMethod } from '../../../search/search-method.ts'
import { buildConditions } from '../conditions.ts'
import { UNBLOCKED_PLATFORM } from '../platform-state.ts'
import { readRunIndex } from './build-sweep-run.ts'
import { planSweep } from './plan-sweep.ts'
import { createSweepAggregate, recordPoint, recordRun, summarizeRun } from './sweep-aggregate.ts'

const STEP = 0.125
const WAYS = [STEP, -STEP]

/** Pairs of points beside the best so far, from 0.25 on, until no pair is better than that. */
const HILL_CLIMB: SearchMethod = {
  description: 'climbs along the first axis',
  drawsFrom: 'Axes',
  needsObjective: true,
  countPoints: ({ count = 0 }) => count,
  propose({ axes = [] }, number, { finished, better }) {
    const { parameter = '' } = axes[0] ?? {}
    if (number === 0) return { [parameter]: 0.25 }
    const pairStart = number - ((number - 1) % WAYS.length)
    const earlier = [...finished.values()].filter((point) => point.number < pairStart)
    if (earlier.length < pairStart) return 'Wait'
    const sign = better === 'Higher' ? 1 : -1
    const score = ({ objective = Number.NaN }) => sign * objective
    const best = earlier.reduce((a, b) => (score(b) > score(a) ? b : a))
    if (best.number < pairStart - WAYS.length) return 'Exhausted'
    const way = WAYS[number - pairStart] ?? 0
    return { [parameter]: Number(best.assignment[parameter]) + way }
  },
}

const climb = (spec: Partial<NeCoSweep['spec']> = {}): NeCoSweep => ({
  apiVersion: API_GROUP_VERSION,
  kind: 'NeCoSweep',
  metadata: { name: 'climb', uid: 'uid-climb', generation: 1 },
  spec: {
    run: { data: { kind: 'Scenes', count: 4 } },
    axes: [{ parameter: 'loss.lambda', min: 0, max: 1 }],
    search: { method: 'Random', count: 100 },
    objective: { metric: 'inContextMiou' },
    parallelism: 3,
    ...spec,
  },
})

const succeed = (run: NeCoRun, miou: number): NeCoRun => ({
  ...run,
  status: {
    conditions: buildConditions({ state: 'Succeeded', message: '', generation: 1, nowMs: 0 }),
    evaluations: [{ name: 'quality', at: 1, key: 'k', metrics: { inContextMiou: miou } }],
  },
})

/** A sweep whose runs end by hand. Lambda is best at 0.5. */
function startSweep(spec: Partial<NeCoSweep['spec']> = {}, method: SearchMethod = HILL_CLIMB) {
  let sweep = climb(spec)
  const { replicates = 1, objective } = sweep.spec
  let runs: readonly NeCoRun[] = []
  const observe = () => {
    const aggregate = createSweepAggregate()
    for (const run of runs) {
      const summary = summarizeRun(run, sweep.spec)
      if (summary === undefined) throw new Error(`${run.metadata.name} is no run of the sweep`)
      recordRun(aggregate, summary)
      const point = readRunIndex(run)?.point ?? -1
      recordPoint(aggregate, { point, replicates, objective })
    }
    const platform = UNBLOCKED_PLATFORM
    return { sweep, aggregate, problems: [], platform, nowMs: 0 }
  }
  return {
    /** Plans and applies the plan. Returns the values of the created runs. */
    reconcile() {
      const { actions, status } = planSweep(observe(), method)
      const created = actions.flatMap((action) => (action.kind === 'CreateRun' ? action.run : []))
      runs = [...runs, ...created]
      if (status !== undefined) sweep = { ...sweep, status }
      return created.map(({ spec: { loss } }) => loss?.lambda)
    },
    endAll() {
      runs = runs.map((run) => succeed(run, 40 - Math.abs((run.spec.loss?.lambda ?? 0) - 0.5)))
    },
    drop: (name: string) => {
      runs = runs.filter(({ metadata }) => metadata.name !== name)
    },
    status: () => sweep.status,
    annotations: () => runs.map(({ metadata }) => metadata.annotations?.[ANNOTATIONS.assignment]),
    ready: () => sweep.status?.conditions?.find(({ type }) => type === 'Ready'),
  }
}

describe('a search that depends on results', () => {
  test('gets the objectives of finished points, waits for them, and ends the sweep', () => {
    const sweep = startSweep()
    const created = []
    for (let iteration = 0; iteration < 5; iteration++) {
      created.push(sweep.reconcile())
      expect(sweep.reconcile()).toEqual([])
      sweep.endAll()
    }
    expect(created).toEqual([[0.25], [0.375, 0.125], [0.5, 0.25], [0.625, 0.375], []])
    expect(sweep.status()).toMatchObject({ points: 7, total: 7, succeeded: 7, pending: 0 })
    expect(sweep.status()?.best?.[0]).toEqual({
      point: 3,
      assignment: 'loss.lambda=0.5',
      mean: 40,
      n: 1,
    })
    expect(sweep.ready()?.reason).toBe('Succeeded')
  })

  test('records each point on its runs, and replicates created later repeat it', () => {
    const sweep = startSweep({ replicates: 2, parallelism: 3 })
    expect(sweep.reconcile()).toEqual([0.25, 0.25])
    sweep.endAll()
    expect(sweep.reconcile()).toEqual([0.375, 0.375, 0.125])
    sweep.endAll()
    expect(sweep.reconcile()).toEqual([0.125])
    expect(new Set(sweep.annotations())).toEqual(
      new Set(['{"loss.lambda":0.25}', '{"loss.lambda":0.375}', '{"loss.lambda":0.125}']),
    )
  })

  test('has a deleted replicate created again as recorded, whatever the results are now', () => {
    const countFinished: SearchMethod = {
      ...HILL_CLIMB,
      propose: (_space, _number, { finished }) => ({ 'loss.lambda': finished.size / 10 }),
    }
    const sweep = startSweep({ replicates: 2, parallelism: 2 }, countFinished)
    for (const lambda of [0, 0.1, 0.2]) {
      expect(sweep.reconcile()).toEqual([lambda, lambda])
      sweep.endAll()
    }
    sweep.drop('climb-1-r1')
    expect(sweep.reconcile()).toEqual([0.1, 0.2])
  })

  test('that waits while no run is live fails the sweep instead of never ending it', () => {
    const sweep = startSweep({}, { ...HILL_CLIMB, propose: () => 'Wait' })
    expect(sweep.reconcile()).toEqual([])
    expect(sweep.ready()).toMatchObject({
      reason: 'SearchStalled',
      message: 'search Random waits for results, but no run is live',
    })
  })
})
