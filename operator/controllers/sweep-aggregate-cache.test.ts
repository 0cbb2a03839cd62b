import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RunStatus } from '../../crds/necorun.ts'
import type { ObjectKey } from '../../kube/object-key.ts'
import {
  createSimulatedPlatform,
  type SimulatedPlatform,
} from '../../test/fakes/simulated-platform.ts'
import { buildSimulatedSweep, SWEEP_KEY } from '../../test/fixtures/simulated-study.ts'
import { buildConditions, isEnded } from '../core/conditions.ts'
import { buildSweepRun, toRunIndex } from '../core/sweep/build-sweep-run.ts'
import type { SweepAggregate } from '../core/sweep/sweep-aggregate.ts'
import type { StoredSweep } from '../ports/objects.ts'
import { createSweepAggregateCache } from './sweep-aggregate-cache.ts'
import { reconcileSweep } from './sweep-controller.ts'

const REPLICATES = 2
const RUNS = 6

const ended = (state: 'Succeeded' | 'Failed', miou: number): RunStatus => ({
  conditions: buildConditions({
    state,
    reason: state === 'Failed' ? 'NotFinite' : state,
    message: '',
    generation: 1,
    nowMs: 0,
  }),
  evaluations: [{ name: 'quality', at: 1, key: 'key', metrics: { inContextMiou: miou } }],
})

/** All that a plan reads of an aggregate. */
const toComparableAggregate = ({
  runs: runsByNumber,
  live,
  failures,
  finished,
  best,
  succeeded,
  failed,
  firstMissing,
}: SweepAggregate) => ({
  runs: [...runsByNumber.values()].sort((a, b) => a.number - b.number),
  live: [...live.keys()].sort(),
  failures: [...failures].filter(([, count]) => count > 0),
  finished: [...finished.values()].sort((a, b) => a.number - b.number),
  best,
  succeeded,
  failed,
  firstMissing,
})

const change = fc.record({
  what: fc.constantFrom('Create', 'Succeed', 'Fail', 'Delete', 'Look'),
  number: fc.nat(RUNS - 1),
  miou: fc.integer({ min: 0, max: 100 }),
})
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

/** Changes one run, as its controller or a person would; what has ended stays as it is. */
async function changeRun(
  { runs }: SimulatedPlatform,
  sweep: StoredSweep,
  { what, number, miou }: Change,
): Promise<ObjectKey> {
  const index = toRunIndex(number, REPLICATES)
  const assignment = { 'loss.lambda': index.point / 10 }
  const run = buildSweepRun(sweep, { ...index, assignment })
  const key = { ...SWEEP_KEY, name: run.metadata.name }
  const stored = await runs.get(key)
  if (stored === undefined) {
    if (what === 'Create') await runs.create(run)
    return key
  }
  if (what === 'Delete') await runs.delete(key)
  if (isEnded(stored.status?.conditions) || (what !== 'Succeed' && what !== 'Fail')) return key
  const status = ended(what === 'Succeed' ? 'Succeeded' : 'Failed', miou)
  await runs.writeStatus(key, status, stored.metadata.resourceVersion)
  return key
}

test('a cached aggregate equals one that is built from all runs, after any changes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 40 }), async (changes) => {
      const platform = createSimulatedPlatform()
      const sweep = await platform.sweeps.create(buildSimulatedSweep({ replicates: REPLICATES }))
      const cache = createSweepAggregateCache(platform.runs)
      const checkAggregate = async () =>
        expect(toComparableAggregate(await cache.get(sweep))).toEqual(
          toComparableAggregate(await createSweepAggregateCache(platform.runs).get(sweep)),
        )
      for (const next of changes) {
        const key = await changeRun(platform, sweep, next)
        cache.record(key, await platform.runs.get(key))
        if (next.what === 'Look') await checkAggregate()
      }
      await checkAggregate()
    }),
    { numRuns: 100 },
  )
})

test('a run just created is counted before its watch event, and never replaces newer state', async () => {
  const platform = createSimulatedPlatform()
  await platform.sweeps.create(buildSimulatedSweep({ parallelism: 2 }))
  const listCount: string[] = []
  const create: typeof platform.runs.create = (run) => {
    listCount.push(run.metadata.name)
    return platform.runs.create(run)
  }
  const countingPlatform = { ...platform, runs: { ...platform.runs, create } }
  const aggregates = createSweepAggregateCache(countingPlatform.runs)
  for (let iteration = 0; iteration < 3; iteration++)
    await reconcileSweep(countingPlatform, SWEEP_KEY, aggregates)
  expect(listCount).toEqual(['study-0-r0', 'study-0-r1'])
  const [made] = await platform.runs.list()
  if (made === undefined) throw new Error('no run was made')
  const done = { ...made, status: ended('Succeeded', 40) }
  aggregates.record(made.metadata, done)
  aggregates.recordCreated(made)
  const sweep = await platform.sweeps.get(SWEEP_KEY)
  expect(sweep && (await aggregates.get(sweep)).succeeded).toBe(1)
})
