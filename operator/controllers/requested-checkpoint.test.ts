import { expect, test } from 'vitest'
import type { AttemptAddress } from '../../contract/bus-names.ts'
import { TRAINING } from '../../contract/task-address.ts'
import { API_GROUP_VERSION } from '../../crds/names.ts'
import { createSimulatedPlatform } from '../../test/fakes/simulated-platform.ts'
import { buildSimulatedSweep } from '../../test/fixtures/simulated-study.ts'
import { NOOP_HINTS } from '../ports/hints.ts'
import { reconcileRun } from './run-controller.ts'

const key = { namespace: 'default', name: 'one' }

test('a training whose node is about to go is asked for a checkpoint once, and an event says why', async () => {
  const requested: AttemptAddress[] = []
  const platform = {
    ...createSimulatedPlatform(),
    hints: { ...NOOP_HINTS, busState: () => 'Connected' as const },
    checkpointRequester: { request: (attempt: AttemptAddress) => void requested.push(attempt) },
  }
  await platform.runs.create({
    apiVersion: API_GROUP_VERSION,
    kind: 'NeCoRun',
    metadata: { name: key.name },
    spec: buildSimulatedSweep().spec.run,
  })
  await reconcileRun(platform, key)
  platform.setJob('one-a1', { state: 'Running', startedMs: 0 })
  await reconcileRun(platform, key)
  expect(requested).toEqual([])
  platform.setJob('one-a1', { evictionWarning: 'node n1 is cordoned' })
  await reconcileRun(platform, key)
  await reconcileRun(platform, key)
  const run = await platform.runs.get(key)
  const runUid = run?.metadata.uid
  expect(requested).toEqual([{ namespace: 'default', runUid, task: TRAINING, attempt: 1 }])
  expect(run?.status?.tasks?.[0]?.warnedAttempt).toBe(1)
  expect(platform.published.filter(({ reason }) => reason === 'CheckpointRequested')).toHaveLength(
    1,
  )
})
