import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { BusState } from '../../contract/progress.ts'
import { type SimulatedHome, simulatedHome } from '../../test/simulated-home.ts'
import { aStudy, endPod, inState, KEY, startPod } from '../../test/simulated-study.ts'
import { conditionOf, isEnded } from '../core/conditions.ts'
import type { Hints } from '../ports/hints.ts'
import { startControllers } from './start-controllers.ts'

/** A home that counts how often its runs are read. */
function countingHome() {
  const home = simulatedHome()
  const reads = { get: 0, listOwnedBy: 0 }
  const { get, listOwnedBy } = home.runs
  const runs = {
    ...home.runs,
    get: (key: Parameters<typeof get>[0]) => {
      reads.get++
      return get(key)
    },
    listOwnedBy: (uid: string) => {
      reads.listOwnedBy++
      return listOwnedBy(uid)
    },
  }
  return { home: { ...home, runs }, reads }
}

const studyOf = (points: number) =>
  aStudy({
    axes: [
      {
        parameter: 'loss.studentSteepness',
        values: Array.from({ length: points }, (_, i) => i + 1),
      },
    ],
    replicates: 1,
    parallelism: 8,
  })

const startAndEndPods = (home: SimulatedHome): void => {
  for (let left = inState(home, 'Pending').length; left > 0; left--) startPod(home, 0)
  for (let left = inState(home, 'Running').length; left > 0; left--) endPod(home, 0)
}

/** Lets the controllers work and every pod end well, until the sweep has ended. */
async function play(home: SimulatedHome): Promise<void> {
  const errors: unknown[] = []
  const controllers = startControllers(home, ({ error }) => errors.push(error))
  const hasEnded = async () => isEnded((await home.sweeps.get(KEY))?.status?.conditions)
  for (let round = 0; round < 500 && !(await hasEnded()); round++) {
    await controllers.idle()
    startAndEndPods(home)
  }
  await controllers.close()
  expect(errors).toEqual([])
}

describe('the controllers', () => {
  test('bring a study from nothing to done', async () => {
    const { home } = countingHome()
    await home.sweeps.create(aStudy())
    await play(home)
    const { status } = (await home.sweeps.get(KEY)) ?? {}
    expect(status).toMatchObject({ total: 6, succeeded: 6, failed: 0, running: 0, pending: 0 })
    expect(status?.best?.map(({ n }) => n)).toEqual([2, 2, 2])
  })

  test('list the runs of a study once, and read each as often in a large one as in a small one', async () => {
    const readsOf = async (points: number) => {
      const { home, reads } = countingHome()
      await home.sweeps.create(studyOf(points))
      await play(home)
      expect((await home.sweeps.get(KEY))?.status?.succeeded).toBe(points)
      return { listed: reads.listOwnedBy, readsPerRun: reads.get / points }
    }
    const small = await readsOf(40)
    const large = await readsOf(160)
    expect([small.listed, large.listed]).toEqual([1, 1])
    expect(large.readsPerRun).toBeLessThan(1.1 * small.readsPerRun)
  })

  test('make a run again that somebody deleted, and end as if it had not been', async () => {
    const { home } = countingHome()
    await home.sweeps.create(aStudy())
    const controllers = startControllers(home, () => {})
    await controllers.idle()
    const before = await home.runs.get({ ...KEY, name: 'study-0-r1' })
    await home.runs.delete({ ...KEY, name: 'study-0-r1' })
    await controllers.idle()
    const after = await home.runs.get({ ...KEY, name: 'study-0-r1' })
    await controllers.close()
    expect(before?.metadata.uid).toBeDefined()
    expect(after?.metadata.uid).toBeDefined()
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid)
  })

  test('say of every object that goes on that the bus is away, and that it is back', async () => {
    const home = simulatedHome()
    let state: BusState = 'Connected'
    const told: (() => void)[] = []
    const hints: Hints = {
      busState: () => state,
      busProblem: () => undefined,
      progressOf: () => undefined,
      hasArrived: () => true,
      watchBus: (changed) => {
        told.push(changed)
        return () => {}
      },
    }
    await home.sweeps.create(aStudy())
    const controllers = startControllers({ ...home, hints }, () => {})
    const degraded = async () => {
      await setImmediate()
      await controllers.idle()
      const objects = [...(await home.runs.list()), ...(await home.sweeps.list())]
      return objects.map(({ status }) => conditionOf(status?.conditions, 'BusDegraded')?.status)
    }
    const parts = new Set<string | undefined>(await degraded())
    for (const now of ['Degraded', 'Connected'] as const) {
      state = now
      for (const tell of told) tell()
      parts.add([...new Set(await degraded())].join())
    }
    await controllers.close()
    expect([...parts]).toEqual(['False', 'True'])
  })

  test('leave another study of the same name alone', async () => {
    const { home } = countingHome()
    await home.sweeps.create(aStudy())
    await play(home)
    await home.sweeps.delete(KEY)
    home.jobList.clear()
    await home.sweeps.create(studyOf(3))
    await play(home)
    expect((await home.sweeps.get(KEY))?.status).toMatchObject({ total: 3, succeeded: 3 })
  })
})
