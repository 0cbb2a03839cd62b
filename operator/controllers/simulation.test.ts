import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createSimulatedPlatform,
  type SimulatedPlatform,
} from '../../test/fakes/simulated-platform.ts'
import {
  buildSimulatedSweep,
  computeTestMiou,
  endPod,
  listJobsInState,
  PARALLELISM,
  PLATFORM_EVENTS,
  reconcileAll,
  runToCompletion,
  SWEEP_KEY,
  startPod,
} from '../../test/fixtures/simulated-study.ts'
import { findCondition, isEnded } from '../core/conditions.ts'
import { reconcileRun } from './run-controller.ts'
import { reconcileSweep } from './sweep-controller.ts'

/** How many Jobs of one run are live at once, at most. */
function countMostLiveJobs(platform: SimulatedPlatform): number {
  const live = [...listJobsInState(platform, 'Pending'), ...listJobsInState(platform, 'Running')]
  const owners = live.map(({ ownerUid }) => ownerUid)
  return Math.max(0, ...owners.map((uid) => owners.filter((other) => other === uid).length))
}

async function checkInvariants(platform: SimulatedPlatform): Promise<void> {
  expect(countMostLiveJobs(platform)).toBeLessThanOrEqual(1)
  const runs = await platform.runs.list()
  const alive = runs.filter(({ status }) => !isEnded(status?.conditions))
  expect(alive.length).toBeLessThanOrEqual(PARALLELISM)
  const spent = runs.flatMap(({ status }) => status?.tasks ?? []).map(({ retries = {} }) => retries)
  expect(
    Math.max(0, ...spent.map((retries) => retries['Infrastructure'] ?? 0)),
  ).toBeLessThanOrEqual(3)
}

/** Reconciles one key, as a queue in any order would. */
async function reconcileOne(platform: SimulatedPlatform, pick: number): Promise<void> {
  const runs = await platform.runs.list()
  const run = runs[pick % (runs.length + 1)]
  await (run === undefined
    ? reconcileSweep(platform, SWEEP_KEY)
    : reconcileRun(platform, run.metadata))
}

async function listVerdicts(platform: SimulatedPlatform) {
  const runs = await platform.runs.list()
  return runs
    .map(({ metadata, status }) => ({
      name: metadata.name,
      verdict: findCondition(status?.conditions, 'Ready')?.reason,
      loss: status?.metrics?.['loss'],
      miou: status?.evaluations?.map(({ metrics }) => metrics['inContextMiou']),
    }))
    .sort((a, b) => a.name.localeCompare(b.name))
}

const EXPECTED = [0, 1, 2].flatMap((point) =>
  [0, 1].map((replicate) => {
    const name = `study-${point}-r${replicate}`
    return {
      name,
      verdict: 'Succeeded',
      loss: computeTestMiou(name) / 10,
      miou: [computeTestMiou(name)],
    }
  }),
)

describe('a simulated study', () => {
  test('ends the same after any order of events, and keeps its invariants at every step', async () => {
    const step = fc.record({
      what: fc.nat(PLATFORM_EVENTS.length - 1),
      pick: fc.nat(50),
      reconciled: fc.array(fc.nat(7), { maxLength: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const platform = createSimulatedPlatform()
        await platform.sweeps.create(buildSimulatedSweep())
        for (const { what, pick, reconciled } of steps) {
          platform.advance(1000)
          PLATFORM_EVENTS[what]?.(platform, pick)
          for (const key of reconciled) await reconcileOne(platform, key)
          await checkInvariants(platform)
        }
        await runToCompletion(platform)
        expect(await listVerdicts(platform)).toEqual(EXPECTED)
      }),
      { numRuns: 120, seed: 4 },
    )
  })

  test('plans nothing more when a plan was applied', async () => {
    const platform = createSimulatedPlatform()
    await platform.sweeps.create(buildSimulatedSweep())
    const state = async () =>
      JSON.stringify([
        await platform.runs.list(),
        await platform.sweeps.list(),
        [...platform.jobList],
      ])
    for (let iteration = 0; iteration < 40; iteration++) {
      await reconcileAll(platform)
      await reconcileAll(platform)
      const before = await state()
      await reconcileAll(platform)
      expect(await state()).toBe(before)
      const action = [startPod, endPod][iteration % 2]
      action?.(platform, iteration)
    }
    expect(await listVerdicts(platform)).toEqual(EXPECTED)
  })

  test('ranks its points by the objective, best first', async () => {
    const platform = createSimulatedPlatform()
    await platform.sweeps.create(buildSimulatedSweep())
    await runToCompletion(platform)
    const best = (await platform.sweeps.get(SWEEP_KEY))?.status?.best ?? []
    expect(best.map(({ n }) => n)).toEqual([2, 2, 2])
    expect(best.map(({ mean }) => mean)).toEqual(
      best.map(({ mean }) => mean).toSorted((a, b) => b - a),
    )
    expect(best[0]?.assignment).toMatch(/^loss\.studentSteepness=\d+$/)
  })

  test('publishes one event for its end', async () => {
    const platform = createSimulatedPlatform()
    await platform.sweeps.create(buildSimulatedSweep())
    await runToCompletion(platform)
    await reconcileAll(platform)
    const sweepEvents = platform.published.filter(({ kind }) => kind === 'NeCoSweep')
    expect(sweepEvents.map(({ reason, message }) => `${reason}: ${message}`)).toEqual([
      'Succeeded: 6 runs succeeded',
    ])
  })
})
