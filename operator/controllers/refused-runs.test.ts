import { describe, expect, test } from 'vitest'
import { type SimulatedHome, simulatedHome } from '../../test/simulated-home.ts'
import { aStudy, drain, KEY, reconcileAll } from '../../test/simulated-study.ts'
import { findCondition } from '../core/conditions.ts'
import { PortError, type PortErrorCode } from '../ports/port-error.ts'
import { reconcileSweep } from './sweep-controller.ts'

/** A home in which the run of one name is not made, while `isClosed` says so. */
function createRunRefusingPlatform(
  code: PortErrorCode,
  isClosed: (run: string) => boolean,
): SimulatedHome {
  const platform = simulatedHome()
  const { create } = platform.runs
  const runs: SimulatedHome['runs'] = {
    ...platform.runs,
    create: async (run) => {
      if (isClosed(run.metadata.name)) throw new PortError(code, `${run.metadata.name}: no`)
      return create(run)
    },
  }
  return { ...platform, runs }
}

const readSweepStatus = async (platform: SimulatedHome) => (await platform.sweeps.get(KEY))?.status
const findReadyCondition = async (platform: SimulatedHome) =>
  findCondition((await readSweepStatus(platform))?.conditions, 'Ready')

describe('a run that a sweep cannot make', () => {
  test.each<[PortErrorCode, string, string]>([
    [
      'Forbidden',
      'Forbidden',
      'study-1-r0: no; raise the quota, change the policy, or give the operator the right',
    ],
    ['Invalid', 'Refused', 'study-1-r0: no'],
  ])(
    'since it is %s is said in the sweep, and made when it may be',
    async (code, reason, message) => {
      let isAllowed = false
      const platform = createRunRefusingPlatform(code, (run) => !isAllowed && run === 'study-1-r0')
      await platform.sweeps.create(aStudy())
      for (let iteration = 0; iteration < 3; iteration++) await reconcileAll(platform)
      expect(await findReadyCondition(platform)).toMatchObject({ status: 'False', reason, message })
      expect(await readSweepStatus(platform)).toMatchObject({ running: 2, pending: 4, failed: 0 })
      expect((await platform.runs.list()).map(({ metadata }) => metadata.name).sort()).toEqual([
        'study-0-r0',
        'study-0-r1',
      ])
      const reported = platform.published.filter((event) => event.reason === reason)
      expect(reported.map(({ key, type }) => [key.name, type])).toEqual([['study', 'Warning']])
      expect(await reconcileSweep(platform, KEY)).toEqual({ requeueAfterMs: 30_000 })
      isAllowed = true
      await drain(platform)
      expect(await readSweepStatus(platform)).toMatchObject({ succeeded: 6, failed: 0 })
    },
  )

  test('since one of that name is there which no sweep made holds up the sweep until it is gone', async () => {
    const platform = simulatedHome()
    const { spec } = aStudy()
    await platform.runs.create({
      apiVersion: aStudy().apiVersion,
      kind: 'NeCoRun',
      metadata: { ...KEY, name: 'study-0-r1' },
      spec: { ...spec.run, suspend: true },
    })
    await platform.sweeps.create(aStudy())
    for (let iteration = 0; iteration < 3; iteration++) await reconcileAll(platform)
    const ready = await findReadyCondition(platform)
    expect(ready).toMatchObject({ status: 'False', reason: 'NameConflict' })
    expect(ready?.message).toContain('NeCoRun default/study-0-r1 is in the way')
    await platform.runs.delete({ ...KEY, name: 'study-0-r1' })
    await drain(platform)
    expect(await readSweepStatus(platform)).toMatchObject({ succeeded: 6, failed: 0 })
  })

  test('where its status cannot be written either is a failure, to be tried again', async () => {
    const platform = createRunRefusingPlatform('Forbidden', () => true)
    const refused: SimulatedHome = {
      ...platform,
      sweeps: {
        ...platform.sweeps,
        writeStatus: async () => {
          throw new PortError('Forbidden', 'no status either')
        },
      },
    }
    await refused.sweeps.create(aStudy())
    await expect(reconcileSweep(refused, KEY)).rejects.toThrow('no status either')
  })
})
