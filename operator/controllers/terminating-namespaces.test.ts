import { describe, expect, test } from 'vitest'
import { handClock } from '../../test/hand-clock.ts'
import { type SimulatedHome, simulatedHome } from '../../test/simulated-home.ts'
import { aStudy, inState, KEY, startPod } from '../../test/simulated-study.ts'
import { PortError } from '../ports/port-error.ts'
import { startControllers } from './start-controllers.ts'

/** A home in a namespace that is being deleted from when the test says so, with timers that the test turns. */
function createTerminatingPlatform() {
  const platform = simulatedHome()
  const clock = handClock(0)
  const refused: string[] = []
  let isTerminating = false
  const refuse = (name: string): void => {
    if (!isTerminating) return
    refused.push(name)
    throw new PortError('NamespaceTerminating', `${name}: the namespace is being terminated`)
  }
  const terminating: SimulatedHome = {
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
  await fixture.platform.sweeps.create(aStudy({ parallelism: 3 }))
  const controllers = startControllers(fixture.platform, (failure) => failures.push(failure))
  await controllers.idle()
  while (inState(fixture.platform, 'Pending').length > 0) startPod(fixture.platform, 0)
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
    await platform.runs.delete({ ...KEY, name: 'study-0-r0' })
    await controllers.idle()
    expect(refused).toEqual(['study-0-r0'])
    for (const name of ['study-0-r1', 'study-0-r2']) await platform.runs.delete({ ...KEY, name })
    clock.turn(30_000)
    await controllers.idle()
    expect(refused).toEqual(['study-0-r0'])
    await platform.sweeps.delete(KEY)
    clock.turn(60_000)
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
    await platform.runs.delete({ ...KEY, name: 'study-0-r0' })
    platform.jobList.delete('study-0-r0-a1')
    await controllers.idle()
    setTerminating(false)
    clock.turn(59_999)
    await controllers.idle()
    expect((await platform.runs.list()).length).toBe(2)
    clock.turn(1)
    await controllers.idle()
    await controllers.close()
    expect((await platform.runs.list()).length).toBe(3)
    expect([refused, failures]).toEqual([['study-0-r0'], []])
  })

  test('does not hold up what is made in a later one of the same name', async () => {
    const { platform, controllers, refused, setEnding: setTerminating } = await startStudy()
    setTerminating(true)
    await platform.runs.delete({ ...KEY, name: 'study-0-r0' })
    await controllers.idle()
    expect(refused).toEqual(['study-0-r0'])
    await platform.sweeps.delete(KEY)
    platform.jobList.clear()
    platform.advance(10_000)
    setTerminating(false)
    await platform.sweeps.create(aStudy({ parallelism: 2 }))
    await controllers.idle()
    await controllers.close()
    expect((await platform.runs.list()).length).toBe(2)
  })
})
