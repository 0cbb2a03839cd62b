import { describe, expect, test } from 'vitest'
import { KubeError, type KubeErrorCode } from '../../kube/kube-error.ts'
import {
  createSimulatedPlatform,
  type SimulatedPlatform,
} from '../../test/fakes/simulated-platform.ts'
import {
  buildSimulatedSweep,
  reconcileAll,
  runToCompletion,
  SWEEP_KEY,
} from '../../test/fixtures/simulated-study.ts'
import { findCondition } from '../core/conditions.ts'
import { BusError } from '../ports/bus.ts'
import { reconcileRun } from './run-controller.ts'

const RUN = { ...SWEEP_KEY, name: 'study-0-r0' }

const failure = (code: KubeErrorCode | 'BusUnauthorized', message: string): Error =>
  code === 'BusUnauthorized' ? new BusError(code, message) : new KubeError(code, message)

/** A platform whose Jobs of one name are not made, while `isClosed` says so. */
function createJobRefusingPlatform(
  code: KubeErrorCode | 'BusUnauthorized',
  isClosed: (job: string) => boolean,
): SimulatedPlatform {
  const platform = createSimulatedPlatform()
  const { create } = platform.jobs
  const jobs = {
    ...platform.jobs,
    create: async (request: Parameters<typeof create>[0]) => {
      if (isClosed(request.name)) throw failure(code, `Job ${request.name}: no`)
      return create(request)
    },
  }
  return { ...platform, jobs }
}

const findRunCondition = async (platform: SimulatedPlatform, type: 'Ready' | 'Accepted') =>
  findCondition((await platform.runs.get(RUN))?.status?.conditions, type)

describe('a Job under whose name stands another', () => {
  test('is reported once, holds up its run alone, and is made when the name is free', async () => {
    let isFree = false
    const platform = createJobRefusingPlatform(
      'NameConflict',
      (job) => !isFree && job === 'study-0-r0-a1',
    )
    await platform.sweeps.create(buildSimulatedSweep())
    for (let iteration = 0; iteration < 3; iteration++) await reconcileAll(platform)
    expect(await findRunCondition(platform, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'NameConflict',
      message: 'Job study-0-r0-a1: no',
    })
    const reported = platform.published.filter(({ reason }) => reason === 'NameConflict')
    expect(reported.map(({ key, type }) => [key.name, type])).toEqual([['study-0-r0', 'Warning']])
    expect((await platform.sweeps.get(SWEEP_KEY))?.status).toMatchObject({ failed: 0 })
    isFree = true
    await runToCompletion(platform)
    expect((await platform.sweeps.get(SWEEP_KEY))?.status).toMatchObject({
      succeeded: 6,
      failed: 0,
    })
  })

  test('loses nothing of what went before it', async () => {
    const platform = createJobRefusingPlatform('NameConflict', (job) => job === 'study-0-r0-e0-a1')
    await platform.sweeps.create(buildSimulatedSweep({ parallelism: 6 }))
    await reconcileAll(platform)
    platform.setJob('study-0-r0-a1', {
      state: 'Succeeded',
      startedMs: 0,
      endedMs: 1000,
      termination: {
        schemaVersion: 1,
        reason: 'Succeeded',
        message: '',
        reused: false,
        step: 9,
        metrics: { loss: 2 },
        evaluations: [],
      },
    })
    await reconcileAll(platform)
    const { status } = (await platform.runs.get(RUN)) ?? {}
    expect(status).toMatchObject({ step: 9, metrics: { loss: 2 } })
    expect(status?.tasks?.map(({ state }) => state)).toEqual(['Succeeded', 'Pending'])
  })
})

test('a Job that the platform refuses leaves its run not accepted, with the message', async () => {
  const platform = createJobRefusingPlatform('Invalid', (job) => job.startsWith('study-0-r0'))
  await platform.sweeps.create(buildSimulatedSweep())
  for (let iteration = 0; iteration < 3; iteration++) await reconcileAll(platform)
  expect(await findRunCondition(platform, 'Accepted')).toMatchObject({
    status: 'False',
    reason: 'Refused',
    message: 'spec.pod: Job study-0-r0-a1: no',
  })
})

test.each<[KubeErrorCode | 'BusUnauthorized', string]>([
  [
    'Forbidden',
    'Job study-0-r0-a1: no; raise the quota, change the policy, or give the operator the right',
  ],
  ['BusUnauthorized', 'Job study-0-r0-a1: no'],
])(
  'a Job that cannot be made now (%s) is reported with what to do, counts as no failure, and is made when it can be',
  async (reason, message) => {
    let isOpen = false
    const platform = createJobRefusingPlatform(reason, (job) => !isOpen && job === 'study-0-r0-a1')
    await platform.sweeps.create(buildSimulatedSweep())
    for (let iteration = 0; iteration < 3; iteration++) await reconcileAll(platform)
    expect(await findRunCondition(platform, 'Ready')).toMatchObject({
      status: 'False',
      reason,
      message,
    })
    expect(await reconcileRun(platform, RUN)).toEqual({ requeueAfterMs: 30_000 })
    isOpen = true
    await runToCompletion(platform)
    expect((await platform.sweeps.get(SWEEP_KEY))?.status).toMatchObject({
      succeeded: 6,
      failed: 0,
    })
  },
)
