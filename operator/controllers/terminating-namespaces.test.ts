import { describe, expect, test } from 'vitest'
import { KubeError } from '../../kube/kube-error.ts'
import { createManualClock } from '../../test/fakes/manual-clock.ts'
import {
  createSimulatedPlatform,
  type SimulatedPlatform,
} from '../../test/fakes/simulated-platform.ts'
import {
  buildSimulatedSweep,
  listJobsInState,
  SWEEP_KEY,
  startPod,
} from '../../test/fixtures/simulated-study.ts'
import { startControllers } from './start-controllers.ts'

/**
 * A platform in a namespace that is being deleted from when the test says so, with timers that the
 * test turns.
 */
function createTerminatingPlatform() {
  const platform = createSimulatedPlatform()
  const clock = createManualClock(0)
  const refused: string[] = []
  let isTerminating = false
  const refuse = (name: string): void => {
    if (!isTerminating) return
    refused.push(name)
    throw new KubeError('NamespaceTerminating', `${name}: the namespace is being terminated`)
  }
  const terminating: SimulatedPlatform = {
    ...platform,
    clock,
    runs: {
      ...platform.runs,
      create: async (run) => {
        refuse(run.metadata.name)
        return platform.runs.create(run)
      },
    },
    jobs: {
      ...platform.jobs,
      create: async (job) => {
        refuse(job.name)
        return platform.jobs.create(job)
      },
    },
  }
  const setTerminating = (is: boolean): void => {
    isTerminating = is
  }
  return { platform: terminating, clock, refused, setEnding: setTerminating }
}

async function startStudy() {
  const fixture = createTerminatingPlatform()
  const failures: unknown[] = []
  await fixture.platform.sweeps.create(buildSimulatedSweep({ parallelism: 3 }))
  const controllers = startControllers(fixture.platform, (failure) => failures.push(failure))
  await controllers.idle()
  while (listJobsInState(fixture.platform, 'Pending').length > 0) startPod(fixture.platform, 0)
  await controllers.idle()
  return { ...fixture, controllers, failures }
}

describe('a namespace that is being deleted', () => {
  test('is left alone after the first refusal: no failure, no event, nothing asked for again', async () => {
    const {
      platform,
      controllers,
      failures,
      refused,
      setEnding: setTerminating,
      clock,
    } = await startStudy()
    const reportedCount = platform.published.length
    setTerminating(true)
    await platform.runs.delete({ ...SWEEP_KEY, name: 'study-0-r0' })
    await controllers.idle()
    expect(refused).toEqual(['study-0-r0'])
    for (const name of ['study-0-r1', 'study-0-r2'])
      await platform.runs.delete({ ...SWEEP_KEY, name })
    clock.advance(30_000)
    await controllers.idle()
    expect(refused).toEqual(['study-0-r0'])
    await platform.sweeps.delete(SWEEP_KEY)
    clock.advance(60_000)
    await controllers.idle()
    await controllers.close()
    expect(refused).toEqual(['study-0-r0'])
    expect([failures, platform.published.length - reportedCount]).toEqual([[], 0])
  })

  test('is looked at again much later, and the study goes on where it is one again', async () => {
    const {
      platform,
      controllers,
      failures,
      refused,
      setEnding: setTerminating,
      clock,
    } = await startStudy()
    setTerminating(true)
    await platform.runs.delete({ ...SWEEP_KEY, name: 'study-0-r0' })
    platform.jobList.delete('study-0-r0-a1')
    await controllers.idle()
    setTerminating(false)
    clock.advance(59_999)
    await controllers.idle()
    expect((await platform.runs.list()).length).toBe(2)
    clock.advance(1)
    await controllers.idle()
    await controllers.close()
    expect((await platform.runs.list()).length).toBe(3)
    expect([refused, failures]).toEqual([['study-0-r0'], []])
  })

  test('does not hold up what is made in a later one of the same name', async () => {
    const { platform, controllers, refused, setEnding: setTerminating } = await startStudy()
    setTerminating(true)
    await platform.runs.delete({ ...SWEEP_KEY, name: 'study-0-r0' })
    await controllers.idle()
    expect(refused).toEqual(['study-0-r0'])
    await platform.sweeps.delete(SWEEP_KEY)
    platform.jobList.clear()
    platform.advance(10_000)
    setTerminating(false)
    await platform.sweeps.create(buildSimulatedSweep({ parallelism: 2 }))
    await controllers.idle()
    await controllers.close()
    expect((await platform.runs.list()).length).toBe(2)
  })
})
