import { expect, test } from 'vitest'
import type { ObjectKey } from '../../kube/object-key.ts'
import { createSimulatedPlatform } from '../../test/fakes/simulated-platform.ts'
import {
  buildSimulatedSweep,
  PARALLELISM,
  reconcileAll,
  runToCompletion,
  SWEEP_KEY,
} from '../../test/fixtures/simulated-study.ts'
import type { TableRequest } from '../ports/result-tables.ts'
import { createSweepAggregateCache } from './sweep-aggregate-cache.ts'
import { reconcileSweep } from './sweep-controller.ts'

test('the table of a sweep is written at every reconcile, also at its end, and forgotten with it', async () => {
  const requests: TableRequest[] = []
  const forgotten: ObjectKey[] = []
  const resultTables = {
    write: async (_sweep: unknown, request: TableRequest) => {
      requests.push(request)
      return request.hasEnded ? {} : { retryAfterMs: 5000 }
    },
    forget: (sweep: ObjectKey) => void forgotten.push(sweep),
  }
  const platform = { ...createSimulatedPlatform(), resultTables }
  await platform.sweeps.create(buildSimulatedSweep())
  const aggregates = createSweepAggregateCache(platform.runs)
  expect(await reconcileSweep(platform, SWEEP_KEY, aggregates)).toEqual({ requeueAfterMs: 5000 })
  await reconcileAll(platform)
  expect((await requests.at(-1)?.runs())?.length).toBe(PARALLELISM)
  await runToCompletion(platform)
  expect(requests.at(-1)?.hasEnded).toBe(true)
  await platform.sweeps.delete(SWEEP_KEY)
  expect(await reconcileSweep(platform, SWEEP_KEY, aggregates)).toEqual({})
  expect(forgotten).toEqual([SWEEP_KEY])
})

test('the table of a sweep whose runs went before it is forgotten too', async () => {
  const forgotten: ObjectKey[] = []
  const resultTables = {
    write: async () => ({}),
    forget: (sweep: ObjectKey) => void forgotten.push(sweep),
  }
  const platform = { ...createSimulatedPlatform(), resultTables }
  await platform.sweeps.create(buildSimulatedSweep())
  const aggregates = createSweepAggregateCache(platform.runs)
  await reconcileSweep(platform, SWEEP_KEY, aggregates)
  for (const run of await platform.runs.list()) {
    aggregates.record(run.metadata, run)
    await platform.runs.delete(run.metadata)
    aggregates.record(run.metadata, undefined)
  }
  await platform.sweeps.delete(SWEEP_KEY)
  await reconcileSweep(platform, SWEEP_KEY, aggregates)
  expect(forgotten).toEqual([SWEEP_KEY])
})
