import { expect, test } from 'vitest'
import type { AttemptAddress } from '../../contract/bus-names.ts'
import { API_GROUP_VERSION } from '../../crds/names.ts'
import { simulatedHome } from '../../test/simulated-home.ts'
import { aStudy } from '../../test/simulated-study.ts'
import { NO_HINTS } from '../ports/hints.ts'
import { reconcileRun } from './run-controller.ts'

const key = { namespace: 'default', name: 'one' }

test('a training whose node is about to go is asked for a checkpoint once, and an event says why', async () => {
  const asked: AttemptAddress[] = []
  const home = {
    ...simulatedHome(),
    hints: { ...NO_HINTS, busState: () => 'Connected' as const },
    checkpoints: { request: (attempt: AttemptAddress) => void asked.push(attempt) },
  }
  await home.runs.create({
    apiVersion: API_GROUP_VERSION,
    kind: 'NeCoRun',
    metadata: { name: key.name },
    spec: aStudy().spec.run,
  })
  await reconcileRun(home, key)
  home.setJob('one-a1', { state: 'Running', startedMs: 0 })
  await reconcileRun(home, key)
  expect(asked).toEqual([])
  home.setJob('one-a1', { warning: 'node n1 is cordoned' })
  await reconcileRun(home, key)
  await reconcileRun(home, key)
  const run = await home.runs.get(key)
  const runUid = run?.metadata.uid
  expect(asked).toEqual([{ namespace: 'default', runUid, work: 'train', attempt: 1 }])
  expect(run?.status?.work?.[0]?.warnedAttempt).toBe(1)
  expect(home.published.filter(({ reason }) => reason === 'CheckpointRequested')).toHaveLength(1)
})
