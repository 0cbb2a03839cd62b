import { describe, expect, test } from 'vitest'
import { API_GROUP_VERSION, RUN_KIND } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { buildConditions } from '../conditions.ts'
import { UNBLOCKED_PLATFORM } from '../platform-state.ts'
import { planRun } from './plan-run.ts'

const ENDED_MS = 10_000
const run: NeCoRun = {
  apiVersion: API_GROUP_VERSION,
  kind: RUN_KIND,
  metadata: { name: 'study', namespace: 'default', uid: 'uid', generation: 1 },
  spec: { data: { kind: 'Scenes', count: 64 } },
  status: {
    observedGeneration: 1,
    conditions: buildConditions(
      { state: 'Succeeded', message: '', generation: 1, nowMs: ENDED_MS },
      [],
    ),
    tasks: [{ kind: 'Training', name: 'training', attempt: 1, state: 'Succeeded' }],
  },
}
const trained: ObservedJob = {
  name: 'study-a1',
  uid: 'uid-job',
  ownerUid: 'uid',
  state: 'Succeeded',
  isEnding: false,
  createdMs: 0,
  startedMs: 1000,
  endedMs: 9000,
}

describe('the Jobs of an ended run', () => {
  test('stay for their time and are deleted then; the run stays as it is', () => {
    const observed = {
      run,
      jobs: [trained],
      platform: { ...UNBLOCKED_PLATFORM, defaultTtlSeconds: 60 },
    }
    expect(planRun({ ...observed, nowMs: 30_000 })).toEqual({
      actions: [],
      events: [],
      requeueAfterMs: 40_000,
    })
    expect(planRun({ ...observed, nowMs: 70_000 })).toEqual({
      actions: [{ kind: 'DeleteJob', name: 'study-a1' }],
      events: [],
    })
  })

  test('stay for ever where neither run nor platform says a time', () => {
    const observed = { run, jobs: [trained], platform: UNBLOCKED_PLATFORM, nowMs: 1e12 }
    expect(planRun(observed)).toEqual({ actions: [], events: [] })
  })
})
