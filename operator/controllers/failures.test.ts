import { describe, expect, test } from 'vitest'
import { EXIT_CODES } from '../../contract/exit-codes.ts'
import {
  createSimulatedPlatform,
  type SimulatedPlatform,
} from '../../test/fakes/simulated-platform.ts'
import {
  buildSimulatedSweep,
  endPod,
  listJobsInState,
  reconcileAll,
  SWEEP_KEY,
  startPod,
} from '../../test/fixtures/simulated-study.ts'
import { findCondition } from '../core/conditions.ts'

describe('failures', () => {
  const failRunningPods = (platform: SimulatedPlatform, exitCode: number, match: RegExp): void => {
    for (const { name } of listJobsInState(platform, 'Running').filter((job) =>
      match.test(job.name),
    )) {
      platform.setJob(name, { state: 'Failed', exitCode, endedMs: 0 })
    }
    for (let i = 0; i < 6; i++) endPod(platform, 0)
  }
  const failEveryAttempt = async (platform: SimulatedPlatform, exitCode: number, match: RegExp) => {
    for (let iteration = 0; iteration < 60; iteration++) {
      await reconcileAll(platform)
      for (let i = 0; i < 6; i++) startPod(platform, 0)
      failRunningPods(platform, exitCode, match)
    }
    return platform.sweeps.get(SWEEP_KEY)
  }

  test('of a wrong input are never tried again, and the others go on', async () => {
    const platform = createSimulatedPlatform()
    await platform.sweeps.create(buildSimulatedSweep())
    const sweep = await failEveryAttempt(platform, EXIT_CODES.UserError, /^study-1-/)
    expect(sweep?.status).toMatchObject({ succeeded: 4, failed: 2, failures: { UserError: 2 } })
    expect(findCondition(sweep?.status?.conditions, 'Ready')).toMatchObject({
      status: 'True',
      reason: 'PartlyFailed',
    })
    expect([...platform.jobList.keys()].filter((name) => name.startsWith('study-1-'))).toHaveLength(
      2,
    )
  })

  test('of the storage are tried as often as allowed', async () => {
    const platform = createSimulatedPlatform()
    await platform.sweeps.create(
      buildSimulatedSweep({
        run: { ...buildSimulatedSweep().spec.run, retries: { infrastructure: 2 } },
      }),
    )
    await failEveryAttempt(platform, EXIT_CODES.Infrastructure, /^study-0-r0-/)
    const attempts = [...platform.jobList.keys()].filter((name) => name.startsWith('study-0-r0-'))
    expect(attempts).toEqual(['study-0-r0-a1', 'study-0-r0-a2', 'study-0-r0-a3'])
  })

  test('beyond a budget end the sweep and stop what is live', async () => {
    const platform = createSimulatedPlatform()
    await platform.sweeps.create(
      buildSimulatedSweep({ failureBudget: { infeasible: 0 }, parallelism: 2 }),
    )
    await reconcileAll(platform)
    startPod(platform, 0)
    platform.setJob('study-0-r0-a1', {
      state: 'Failed',
      exitCode: EXIT_CODES.NotFinite,
      endedMs: 0,
    })
    for (let iteration = 0; iteration < 4; iteration++) await reconcileAll(platform)
    const sweep = await platform.sweeps.get(SWEEP_KEY)
    expect(findCondition(sweep?.status?.conditions, 'Failed')).toMatchObject({
      status: 'True',
      reason: 'FailureBudgetExceeded',
      message: 'failureBudget.infeasible is exceeded',
    })
    expect(platform.jobList.get('study-0-r1-a1')?.isEnding).toBe(true)
    expect((await platform.runs.list()).length).toBe(2)
    expect(sweep?.status).toMatchObject({ running: 0, pending: 5, failed: 1, total: 6 })
  })

  test('of every run fail the sweep', async () => {
    const platform = createSimulatedPlatform()
    await platform.sweeps.create(buildSimulatedSweep())
    const sweep = await failEveryAttempt(platform, EXIT_CODES.UserError, /./)
    expect(findCondition(sweep?.status?.conditions, 'Failed')?.reason).toBe('AllFailed')
  })
})

describe('deadlines', () => {
  test('of training count the attempts together and stand still while suspended', async () => {
    const platform = createSimulatedPlatform()
    const run = { ...buildSimulatedSweep().spec.run, deadlines: { trainSeconds: 100 } }
    await platform.sweeps.create(
      buildSimulatedSweep({
        run,
        replicates: 1,
        axes: [{ parameter: 'loss.epsilon', values: [0] }],
      }),
    )
    const go = async () => {
      for (let iteration = 0; iteration < 3; iteration++) await reconcileAll(platform)
      startPod(platform, 0)
      await reconcileAll(platform)
    }
    await go()
    platform.advance(60_000)
    platform.editSweep(SWEEP_KEY, { suspend: true })
    for (let iteration = 0; iteration < 3; iteration++) await reconcileAll(platform)
    platform.setJob('study-0-r0-a1', {
      state: 'Failed',
      exitCode: EXIT_CODES.Interrupted,
      endedMs: 60_000,
    })
    await reconcileAll(platform)
    platform.advance(1_000_000)
    platform.editSweep(SWEEP_KEY, { suspend: false })
    await go()
    platform.advance(30_000)
    await reconcileAll(platform)
    expect(
      (await platform.runs.get({ ...SWEEP_KEY, name: 'study-0-r0' }))?.status?.tasks?.[0]?.state,
    ).toBe('Running')
    platform.advance(11_000)
    await reconcileAll(platform)
    const ended = await platform.runs.get({ ...SWEEP_KEY, name: 'study-0-r0' })
    expect(ended?.status?.tasks?.[0]).toMatchObject({
      state: 'Failed',
      cause: 'Deadline',
      ranMs: 101_000,
    })
    expect(platform.jobList.get('study-0-r0-a2')?.isEnding).toBe(true)
  })
})

describe('a sweep that cannot run', () => {
  test('is not accepted, with field and message, before any run is made', async () => {
    const platform = createSimulatedPlatform()
    await platform.sweeps.create(buildSimulatedSweep({ objective: { metric: 'loss' } }))
    await reconcileAll(platform)
    const sweep = await platform.sweeps.get(SWEEP_KEY)
    expect(findCondition(sweep?.status?.conditions, 'Accepted')).toMatchObject({
      status: 'False',
      reason: 'NotAccepted',
      message:
        'spec.objective.metric: loss must not be compared across loss.studentSteepness: choose an mIoU',
    })
    expect(await platform.runs.list()).toEqual([])
  })
})
