import { describe, expect, test } from 'vitest'
import { EXIT_CODES } from '../../contract/exit-codes.ts'
import { type SimulatedHome, simulatedHome } from '../../test/simulated-home.ts'
import { aStudy, endPod, inState, KEY, reconcileAll, startPod } from '../../test/simulated-study.ts'
import { conditionOf } from '../core/conditions.ts'

describe('failures', () => {
  const endAll = (home: SimulatedHome, exitCode: number, match: RegExp): void => {
    for (const { name } of inState(home, 'Running').filter((job) => match.test(job.name))) {
      home.setJob(name, { state: 'Failed', exitCode, endedMs: 0 })
    }
    for (let i = 0; i < 6; i++) endPod(home, 0)
  }
  const failEvery = async (home: SimulatedHome, exitCode: number, match: RegExp) => {
    for (let round = 0; round < 60; round++) {
      await reconcileAll(home)
      for (let i = 0; i < 6; i++) startPod(home, 0)
      endAll(home, exitCode, match)
    }
    return home.sweeps.get(KEY)
  }

  test('of a wrong input are never tried again, and the others go on', async () => {
    const home = simulatedHome()
    await home.sweeps.create(aStudy())
    const sweep = await failEvery(home, EXIT_CODES.UserError, /^study-1-/)
    expect(sweep?.status).toMatchObject({ succeeded: 4, failed: 2, failures: { UserError: 2 } })
    expect(conditionOf(sweep?.status?.conditions, 'Ready')).toMatchObject({
      status: 'True',
      reason: 'PartlyFailed',
    })
    expect([...home.jobList.keys()].filter((name) => name.startsWith('study-1-'))).toHaveLength(2)
  })

  test('of the storage are tried as often as allowed', async () => {
    const home = simulatedHome()
    await home.sweeps.create(
      aStudy({ run: { ...aStudy().spec.run, retries: { infrastructure: 2 } } }),
    )
    await failEvery(home, EXIT_CODES.Infrastructure, /^study-0-r0-/)
    const attempts = [...home.jobList.keys()].filter((name) => name.startsWith('study-0-r0-'))
    expect(attempts).toEqual(['study-0-r0-a1', 'study-0-r0-a2', 'study-0-r0-a3'])
  })

  test('beyond a budget end the sweep and stop what is live', async () => {
    const home = simulatedHome()
    await home.sweeps.create(aStudy({ failureBudget: { infeasible: 0 }, parallelism: 2 }))
    await reconcileAll(home)
    startPod(home, 0)
    home.setJob('study-0-r0-a1', { state: 'Failed', exitCode: EXIT_CODES.NotFinite, endedMs: 0 })
    for (let round = 0; round < 4; round++) await reconcileAll(home)
    const sweep = await home.sweeps.get(KEY)
    expect(conditionOf(sweep?.status?.conditions, 'Failed')).toMatchObject({
      status: 'True',
      reason: 'FailureBudgetExceeded',
      message: 'failureBudget.infeasible is exceeded',
    })
    expect(home.jobList.get('study-0-r1-a1')?.isEnding).toBe(true)
    expect((await home.runs.list()).length).toBe(2)
    expect(sweep?.status).toMatchObject({ running: 0, pending: 5, failed: 1, total: 6 })
  })

  test('of every run fail the sweep', async () => {
    const home = simulatedHome()
    await home.sweeps.create(aStudy())
    const sweep = await failEvery(home, EXIT_CODES.UserError, /./)
    expect(conditionOf(sweep?.status?.conditions, 'Failed')?.reason).toBe('AllFailed')
  })
})

describe('deadlines', () => {
  test('of training count the attempts together and stand still while suspended', async () => {
    const home = simulatedHome()
    const run = { ...aStudy().spec.run, deadlines: { trainSeconds: 100 } }
    await home.sweeps.create(
      aStudy({ run, replicates: 1, axes: [{ parameter: 'loss.lambda', values: [0] }] }),
    )
    const go = async () => {
      for (let round = 0; round < 3; round++) await reconcileAll(home)
      startPod(home, 0)
      await reconcileAll(home)
    }
    await go()
    home.advance(60_000)
    home.editSweep(KEY, { suspend: true })
    for (let round = 0; round < 3; round++) await reconcileAll(home)
    home.setJob('study-0-r0-a1', {
      state: 'Failed',
      exitCode: EXIT_CODES.Interrupted,
      endedMs: 60_000,
    })
    await reconcileAll(home)
    home.advance(1_000_000)
    home.editSweep(KEY, { suspend: false })
    await go()
    home.advance(30_000)
    await reconcileAll(home)
    expect((await home.runs.get({ ...KEY, name: 'study-0-r0' }))?.status?.work?.[0]?.state).toBe(
      'Running',
    )
    home.advance(11_000)
    await reconcileAll(home)
    const ended = await home.runs.get({ ...KEY, name: 'study-0-r0' })
    expect(ended?.status?.work?.[0]).toMatchObject({
      state: 'Failed',
      cause: 'Deadline',
      ranMs: 101_000,
    })
    expect(home.jobList.get('study-0-r0-a2')?.isEnding).toBe(true)
  })
})

describe('a sweep that cannot run', () => {
  test('is not accepted, with field and message, before any run is made', async () => {
    const home = simulatedHome()
    await home.sweeps.create(aStudy({ objective: { metric: 'loss' } }))
    await reconcileAll(home)
    const sweep = await home.sweeps.get(KEY)
    expect(conditionOf(sweep?.status?.conditions, 'Accepted')).toMatchObject({
      status: 'False',
      reason: 'NotAccepted',
      message:
        'spec.objective.metric: loss must not be compared across loss.studentSteepness: choose an mIoU',
    })
    expect(await home.runs.list()).toEqual([])
  })
})
