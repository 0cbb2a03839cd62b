import { expect, test } from 'vitest'
import { simulatedHome } from '../../test/simulated-home.ts'
import { aStudy, drain, KEY, PARALLELISM, reconcileAll } from '../../test/simulated-study.ts'
import type { ObjectKey } from '../ports/objects.ts'
import type { TableRequest } from '../ports/result-tables.ts'
import { keepTallies } from './kept-tallies.ts'
import { reconcileSweep } from './sweep-controller.ts'

test('the table of a sweep is offered at every look, told of its end, and forgotten with it', async () => {
  const offered: TableRequest[] = []
  const forgotten: ObjectKey[] = []
  const tables = {
    write: async (_sweep: unknown, request: TableRequest) => {
      offered.push(request)
      return request.hasEnded ? {} : { againInMs: 5000 }
    },
    forget: (sweep: ObjectKey) => void forgotten.push(sweep),
  }
  const home = { ...simulatedHome(), tables }
  await home.sweeps.create(aStudy())
  const tallies = keepTallies(home.runs)
  expect(await reconcileSweep(home, KEY, tallies)).toEqual({ requeueAfterMs: 5000 })
  await reconcileAll(home)
  expect((await offered.at(-1)?.runs())?.length).toBe(PARALLELISM)
  await drain(home)
  expect(offered.at(-1)?.hasEnded).toBe(true)
  await home.sweeps.delete(KEY)
  expect(await reconcileSweep(home, KEY, tallies)).toEqual({})
  expect(forgotten).toEqual([KEY])
})

test('the table of a sweep whose runs went before it is forgotten too', async () => {
  const forgotten: ObjectKey[] = []
  const tables = {
    write: async () => ({}),
    forget: (sweep: ObjectKey) => void forgotten.push(sweep),
  }
  const home = { ...simulatedHome(), tables }
  await home.sweeps.create(aStudy())
  const tallies = keepTallies(home.runs)
  await reconcileSweep(home, KEY, tallies)
  for (const run of await home.runs.list()) {
    tallies.record(run.metadata, run)
    await home.runs.delete(run.metadata)
    tallies.record(run.metadata, undefined)
  }
  await home.sweeps.delete(KEY)
  await reconcileSweep(home, KEY, tallies)
  expect(forgotten).toEqual([KEY])
})
