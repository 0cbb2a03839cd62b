import { describe, expect, test } from 'vitest'
import { handClock } from '../../test/hand-clock.ts'
import { type SimulatedHome, simulatedHome } from '../../test/simulated-home.ts'
import { aStudy, inState, KEY, startPod } from '../../test/simulated-study.ts'
import { PortError } from '../ports/port-error.ts'
import { startControllers } from './start-controllers.ts'

/** A home in a namespace that is being deleted from when the test says so, with timers that the test turns. */
function endingHome() {
  const home = simulatedHome()
  const clock = handClock(0)
  const refused: string[] = []
  let isEnding = false
  const refuse = (name: string): void => {
    if (!isEnding) return
    refused.push(name)
    throw new PortError('NamespaceTerminating', `${name}: the namespace is being terminated`)
  }
  const ending: SimulatedHome = {
    ...home,
    clock,
    runs: {
      ...home.runs,
      create: async (run) => {
        refuse(run.metadata.name)
        return home.runs.create(run)
      },
    },
    jobs: {
      ...home.jobs,
      create: async (job) => {
        refuse(job.name)
        return home.jobs.create(job)
      },
    },
  }
  const setEnding = (is: boolean): void => {
    isEnding = is
  }
  return { home: ending, clock, refused, setEnding }
}

async function startedStudy() {
  const ground = endingHome()
  const failures: unknown[] = []
  await ground.home.sweeps.create(aStudy({ parallelism: 3 }))
  const controllers = startControllers(ground.home, (failure) => failures.push(failure))
  await controllers.idle()
  while (inState(ground.home, 'Pending').length > 0) startPod(ground.home, 0)
  await controllers.idle()
  return { ...ground, controllers, failures }
}

describe('a namespace that is being deleted', () => {
  test('is left alone after the first refusal: no failure, no event, nothing asked for again', async () => {
    const { home, controllers, failures, refused, setEnding, clock } = await startedStudy()
    const said = home.published.length
    setEnding(true)
    await home.runs.delete({ ...KEY, name: 'study-0-r0' })
    await controllers.idle()
    expect(refused).toEqual(['study-0-r0'])
    for (const name of ['study-0-r1', 'study-0-r2']) await home.runs.delete({ ...KEY, name })
    clock.turn(30_000)
    await controllers.idle()
    expect(refused).toEqual(['study-0-r0'])
    await home.sweeps.delete(KEY)
    clock.turn(60_000)
    await controllers.idle()
    await controllers.close()
    expect(refused).toEqual(['study-0-r0'])
    expect([failures, home.published.length - said]).toEqual([[], 0])
  })

  test('is looked at again much later, and the study goes on where it is one again', async () => {
    const { home, controllers, failures, refused, setEnding, clock } = await startedStudy()
    setEnding(true)
    await home.runs.delete({ ...KEY, name: 'study-0-r0' })
    home.jobList.delete('study-0-r0-a1')
    await controllers.idle()
    setEnding(false)
    clock.turn(59_999)
    await controllers.idle()
    expect((await home.runs.list()).length).toBe(2)
    clock.turn(1)
    await controllers.idle()
    await controllers.close()
    expect((await home.runs.list()).length).toBe(3)
    expect([refused, failures]).toEqual([['study-0-r0'], []])
  })

  test('does not hold up what is made in a later one of the same name', async () => {
    const { home, controllers, refused, setEnding } = await startedStudy()
    setEnding(true)
    await home.runs.delete({ ...KEY, name: 'study-0-r0' })
    await controllers.idle()
    expect(refused).toEqual(['study-0-r0'])
    await home.sweeps.delete(KEY)
    home.jobList.clear()
    home.advance(10_000)
    setEnding(false)
    await home.sweeps.create(aStudy({ parallelism: 2 }))
    await controllers.idle()
    await controllers.close()
    expect((await home.runs.list()).length).toBe(2)
  })
})
