import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RunStatus } from '../../crds/necorun.ts'
import { type SimulatedHome, simulatedHome } from '../../test/simulated-home.ts'
import { aStudy, KEY } from '../../test/simulated-study.ts'
import { conditionsOf, isEnded } from '../core/conditions.ts'
import { buildRun, runIndexOf } from '../core/sweep/run-of-sweep.ts'
import type { SweepTally } from '../core/sweep/sweep-tally.ts'
import type { ObjectKey, StoredSweep } from '../ports/objects.ts'
import { keepTallies } from './kept-tallies.ts'
import { reconcileSweep } from './sweep-controller.ts'

const REPLICATES = 2
const RUNS = 6

const ended = (state: 'Succeeded' | 'Failed', miou: number): RunStatus => ({
  conditions: conditionsOf({
    state,
    reason: state === 'Failed' ? 'NotFinite' : state,
    message: '',
    generation: 1,
    nowMs: 0,
  }),
  evaluations: [{ name: 'quality', at: 1, key: 'key', metrics: { inContextMiou: miou } }],
})

/** All that a plan reads of a tally. */
const sumsOf = ({ facts, live, failures, best, succeeded, failed, firstMissing }: SweepTally) => ({
  facts: [...facts.values()].sort((a, b) => a.number - b.number),
  live: [...live.keys()].sort(),
  failures: [...failures].filter(([, count]) => count > 0),
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

/** Changes one run in the home, as its controller or a person would; what has ended stays as it is. */
async function changeRun(
  { runs }: SimulatedHome,
  sweep: StoredSweep,
  { what, number, miou }: Change,
): Promise<ObjectKey> {
  const run = buildRun(sweep, runIndexOf(number, REPLICATES))
  const key = { ...KEY, name: run.metadata.name }
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

test('a kept tally is what counting every run anew gives, after any changes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 40 }), async (changes) => {
      const home = simulatedHome()
      const sweep = await home.sweeps.create(aStudy({ replicates: REPLICATES }))
      const kept = keepTallies(home.runs)
      const look = async () =>
        expect(sumsOf(await kept.of(sweep))).toEqual(sumsOf(await keepTallies(home.runs).of(sweep)))
      for (const next of changes) {
        const key = await changeRun(home, sweep, next)
        kept.record(key, await home.runs.get(key))
        if (next.what === 'Look') await look()
      }
      await look()
    }),
    { numRuns: 100 },
  )
})

test('a run that was just made is counted before anybody tells of it, and never over what is known since', async () => {
  const home = simulatedHome()
  await home.sweeps.create(aStudy({ parallelism: 2 }))
  const asked: string[] = []
  const create: typeof home.runs.create = (run) => {
    asked.push(run.metadata.name)
    return home.runs.create(run)
  }
  const ports = { ...home, runs: { ...home.runs, create } }
  const tallies = keepTallies(ports.runs)
  for (let round = 0; round < 3; round++) await reconcileSweep(ports, KEY, tallies)
  expect(asked).toEqual(['study-0-r0', 'study-0-r1'])
  const [made] = await home.runs.list()
  if (made === undefined) throw new Error('no run was made')
  const done = { ...made, status: ended('Succeeded', 40) }
  tallies.record(made.metadata, done)
  tallies.made(made)
  const sweep = await home.sweeps.get(KEY)
  expect(sweep && (await tallies.of(sweep)).succeeded).toBe(1)
})
