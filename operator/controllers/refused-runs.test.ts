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
import { reconcileSweep } from './sweep-controller.ts'

/** A platform in which the run of one name is not made, while `isClosed` says so. */
function createRunRefusingPlatform(
  code: KubeErrorCode,
  isClosed: (run: string) => boolean,
): SimulatedPlatform {
  const platform = createSimulatedPlatform()
  const { create } = platform.runs
  const runs: SimulatedPlatform['runs'] = {
    ...platform.runs,
    create: async (run) => {
      if (isClosed(run.metadata.name)) throw new KubeError(code, `${run.metadata.name}: no`)
      return create(run)
    },
  }
  return { ...platform, runs }
}

const readSweepStatus = async (platform: SimulatedPlatform) =>
  (await platform.sweeps.get(SWEEP_KEY))?.status
const findReadyCondition = async (platform: SimulatedPlatform) =>
  findCondition((await readSweepStatus(platform))?.conditions, 'Ready')

describe('a run that a sweep cannot make', () => {
  test.each<[KubeErrorCode, string, string]>([
    [
      'Forbidden',
      'Forbidden',
      'study-1-r0: no; raise the quota, change the policy, or give the operator the right',
    ],
    ['Invalid', 'Refused', 'study-1-r0: no'],
  ])(
    'since it is %s is reported in the sweep, and made when it may be',
    async (code, reason, message) => {
      let isAllowed = false
      const platform = createRunRefusingPlatform(code, (run) => !isAllowed && run === 'study-1-r0')
      await platform.sweeps.create(buildSimulatedSweep())
      for (let iteration = 0; iteration < 3; iteration++) await reconcileAll(platform)
      expect(await findReadyCondition(platform)).toMatchObject({ status: 'False', reason, message })
      expect(await readSweepStatus(platform)).toMatchObject({ running: 2, pending: 4, failed: 0 })
      expect((await platform.runs.list()).map(({ metadata }) => metadata.name).sort()).toEqual([
        'study-0-r0',
        'study-0-r1',
      ])
      const reported = platform.published.filter((event) => event.reason === reason)
      expect(reported.map(({ key, type }) => [key.name, type])).toEqual([['study', 'Warning']])
      expect(await reconcileSweep(platform, SWEEP_KEY)).toEqual({ requeueAfterMs: 30_000 })
      isAllowed = true
      await runToCompletion(platform)
      expect(await readSweepStatus(platform)).toMatchObject({ succeeded: 6, failed: 0 })
    },
  )

  test('since one of that name is there which no sweep made holds up the sweep until it is gone', async () => {
    const platform = createSimulatedPlatform()
    const { spec } = buildSimulatedSweep()
    await platform.runs.create({
      apiVersion: buildSimulatedSweep().apiVersion,
      kind: 'NeCoRun',
      metadata: { ...SWEEP_KEY, name: 'study-0-r1' },
      spec: { ...spec.run, suspend: true },
    })
    await platform.sweeps.create(buildSimulatedSweep())
    for (let iteration = 0; iteration < 3; iteration++) await reconcileAll(platform)
    const ready = await findReadyCondition(platform)
    expect(ready).toMatchObject({ status: 'False', reason: 'NameConflict' })
    expect(ready?.message).toContain('NeCoRun default/study-0-r1 is in the way')
    await platform.runs.delete({ ...SWEEP_KEY, name: 'study-0-r1' })
    await runToCompletion(platform)
    expect(await readSweepStatus(platform)).toMatchObject({ succeeded: 6, failed: 0 })
  })

  test('where its status cannot be written either is a failure, to be tried again', async () => {
    const platform = createRunRefusingPlatform('Forbidden', () => true)
    const refused: SimulatedPlatform = {
      ...platform,
      sweeps: {
        ...platform.sweeps,
        writeStatus: async () => {
          throw new KubeError('Forbidden', 'no status either')
        },
      },
    }
    await refused.sweeps.create(buildSimulatedSweep())
    await expect(reconcileSweep(refused, SWEEP_KEY)).rejects.toThrow('no status either')
  })
})
