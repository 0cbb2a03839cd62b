import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { BusState } from '../../contract/bus-state.ts'
import {
  createSimulatedPlatform,
  type SimulatedPlatform,
} from '../../test/fakes/simulated-platform.ts'
import {
  buildSimulatedSweep,
  endPod,
  listJobsInState,
  SWEEP_KEY,
  startPod,
} from '../../test/fixtures/simulated-study.ts'
import { findCondition, isEnded } from '../core/conditions.ts'
import type { Hints } from '../ports/hints.ts'
import { startControllers } from './start-controllers.ts'

/** A platform that counts how often its runs are read. */
function createCountingPlatform() {
  const platform = createSimulatedPlatform()
  const reads = { get: 0, listOwnedBy: 0 }
  const { get, listOwnedBy } = platform.runs
  const runs = {
    ...platform.runs,
    get: (key: Parameters<typeof get>[0]) => {
      reads.get++
      return get(key)
    },
    listOwnedBy: (uid: string) => {
      reads.listOwnedBy++
      return listOwnedBy(uid)
    },
  }
  return { platform: { ...platform, runs }, reads }
}

const buildStudyWithPoints = (points: number) =>
  buildSimulatedSweep({
    axes: [
      {
        parameter: 'loss.studentSteepness',
        values: Array.from({ length: points }, (_, i) => i + 1),
      },
    ],
    replicates: 1,
    parallelism: 8,
  })

const startAndEndPods = (platform: SimulatedPlatform): void => {
  for (let remaining = listJobsInState(platform, 'Pending').length; remaining > 0; remaining--)
    startPod(platform, 0)
  for (let remaining = listJobsInState(platform, 'Running').length; remaining > 0; remaining--)
    endPod(platform, 0)
}

/** Lets the controllers work and every pod end well, until the sweep has ended. */
async function runUntilEnded(platform: SimulatedPlatform): Promise<void> {
  const errors: unknown[] = []
  const controllers = startControllers(platform, ({ error }) => errors.push(error))
  const hasEnded = async () => isEnded((await platform.sweeps.get(SWEEP_KEY))?.status?.conditions)
  for (let iteration = 0; iteration < 500 && !(await hasEnded()); iteration++) {
    await controllers.idle()
    startAndEndPods(platform)
  }
  await controllers.close()
  expect(errors).toEqual([])
}

describe('the controllers', () => {
  test('bring a study from nothing to done', async () => {
    const { platform } = createCountingPlatform()
    await platform.sweeps.create(buildSimulatedSweep())
    await runUntilEnded(platform)
    const { status } = (await platform.sweeps.get(SWEEP_KEY)) ?? {}
    expect(status).toMatchObject({ total: 6, succeeded: 6, failed: 0, running: 0, pending: 0 })
    expect(status?.best?.map(({ n }) => n)).toEqual([2, 2, 2])
  })

  test('list the runs of a study once, and read each as often in a large one as in a small one', async () => {
    const countReads = async (points: number) => {
      const { platform, reads } = createCountingPlatform()
      await platform.sweeps.create(buildStudyWithPoints(points))
      await runUntilEnded(platform)
      expect((await platform.sweeps.get(SWEEP_KEY))?.status?.succeeded).toBe(points)
      return { listed: reads.listOwnedBy, readsPerRun: reads.get / points }
    }
    const small = await countReads(40)
    const large = await countReads(160)
    expect([small.listed, large.listed]).toEqual([1, 1])
    expect(large.readsPerRun).toBeLessThan(1.1 * small.readsPerRun)
  })

  test('make a run again that somebody deleted, and end as if it had not been', async () => {
    const { platform } = createCountingPlatform()
    await platform.sweeps.create(buildSimulatedSweep())
    const controllers = startControllers(platform, () => {})
    await controllers.idle()
    const before = await platform.runs.get({ ...SWEEP_KEY, name: 'study-0-r1' })
    await platform.runs.delete({ ...SWEEP_KEY, name: 'study-0-r1' })
    await controllers.idle()
    const after = await platform.runs.get({ ...SWEEP_KEY, name: 'study-0-r1' })
    await controllers.close()
    expect(before?.metadata.uid).toBeDefined()
    expect(after?.metadata.uid).toBeDefined()
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid)
  })

  test('report for every object that has not ended that the bus is away, and that it is back', async () => {
    const platform = createSimulatedPlatform()
    let state: BusState = 'Connected'
    const notified: (() => void)[] = []
    const hints: Hints = {
      busState: () => state,
      busProblem: () => undefined,
      findProgress: () => undefined,
      findCheckpoint: () => undefined,
      watchCheckpoints: () => () => {},
      isFullyReported: () => true,
      watchBus: (changed) => {
        notified.push(changed)
        return () => {}
      },
    }
    await platform.sweeps.create(buildSimulatedSweep())
    const controllers = startControllers({ ...platform, hints }, () => {})
    const degraded = async () => {
      await setImmediate()
      await controllers.idle()
      const objects = [...(await platform.runs.list()), ...(await platform.sweeps.list())]
      return objects.map(({ status }) => findCondition(status?.conditions, 'BusDegraded')?.status)
    }
    const parts = new Set<string | undefined>(await degraded())
    for (const now of ['Degraded', 'Connected'] as const) {
      state = now
      for (const notify of notified) notify()
      parts.add([...new Set(await degraded())].join())
    }
    await controllers.close()
    expect([...parts]).toEqual(['False', 'True'])
  })

  test('leave another study of the same name alone', async () => {
    const { platform } = createCountingPlatform()
    await platform.sweeps.create(buildSimulatedSweep())
    await runUntilEnded(platform)
    await platform.sweeps.delete(SWEEP_KEY)
    platform.jobList.clear()
    await platform.sweeps.create(buildStudyWithPoints(3))
    await runUntilEnded(platform)
    expect((await platform.sweeps.get(SWEEP_KEY))?.status).toMatchObject({ total: 3, succeeded: 3 })
  })
})
