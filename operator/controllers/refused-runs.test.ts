import { describe, expect, test } from 'vitest'
import { type SimulatedHome, simulatedHome } from '../../test/simulated-home.ts'
import { aStudy, drain, KEY, reconcileAll } from '../../test/simulated-study.ts'
import { conditionOf } from '../core/conditions.ts'
import { PortError, type PortErrorCode } from '../ports/port-error.ts'
import { reconcileSweep } from './sweep-controller.ts'

/** A home in which the run of one name is not made, while `isClosed` says so. */
function closedHome(code: PortErrorCode, isClosed: (run: string) => boolean): SimulatedHome {
  const home = simulatedHome()
  const { create } = home.runs
  const runs: SimulatedHome['runs'] = {
    ...home.runs,
    create: async (run) => {
      if (isClosed(run.metadata.name)) throw new PortError(code, `${run.metadata.name}: no`)
      return create(run)
    },
  }
  return { ...home, runs }
}

const statusIn = async (home: SimulatedHome) => (await home.sweeps.get(KEY))?.status
const readyIn = async (home: SimulatedHome) =>
  conditionOf((await statusIn(home))?.conditions, 'Ready')

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
      const home = closedHome(code, (run) => !isAllowed && run === 'study-1-r0')
      await home.sweeps.create(aStudy())
      for (let round = 0; round < 3; round++) await reconcileAll(home)
      expect(await readyIn(home)).toMatchObject({ status: 'False', reason, message })
      expect(await statusIn(home)).toMatchObject({ running: 2, pending: 4, failed: 0 })
      expect((await home.runs.list()).map(({ metadata }) => metadata.name).sort()).toEqual([
        'study-0-r0',
        'study-0-r1',
      ])
      const said = home.published.filter((event) => event.reason === reason)
      expect(said.map(({ key, type }) => [key.name, type])).toEqual([['study', 'Warning']])
      expect(await reconcileSweep(home, KEY)).toEqual({ requeueAfterMs: 30_000 })
      isAllowed = true
      await drain(home)
      expect(await statusIn(home)).toMatchObject({ succeeded: 6, failed: 0 })
    },
  )

  test('since one of that name is there which no sweep made holds up the sweep until it is gone', async () => {
    const home = simulatedHome()
    const { spec } = aStudy()
    await home.runs.create({
      apiVersion: aStudy().apiVersion,
      kind: 'NeCoRun',
      metadata: { ...KEY, name: 'study-0-r1' },
      spec: { ...spec.run, suspend: true },
    })
    await home.sweeps.create(aStudy())
    for (let round = 0; round < 3; round++) await reconcileAll(home)
    const ready = await readyIn(home)
    expect(ready).toMatchObject({ status: 'False', reason: 'NameConflict' })
    expect(ready?.message).toContain('NeCoRun default/study-0-r1 is in the way')
    await home.runs.delete({ ...KEY, name: 'study-0-r1' })
    await drain(home)
    expect(await statusIn(home)).toMatchObject({ succeeded: 6, failed: 0 })
  })

  test('where its status cannot be written either is a failure, to be tried again', async () => {
    const home = closedHome('Forbidden', () => true)
    const refused: SimulatedHome = {
      ...home,
      sweeps: {
        ...home.sweeps,
        writeStatus: async () => {
          throw new PortError('Forbidden', 'no status either')
        },
      },
    }
    await refused.sweeps.create(aStudy())
    await expect(reconcileSweep(refused, KEY)).rejects.toThrow('no status either')
  })
})
