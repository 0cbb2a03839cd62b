import { expect, test } from 'vitest'
import { TRAINING } from '../../../contract/task-address.ts'
import type { TaskStatus } from '../../../crds/necorun.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { planCheckpointRequest } from './plan-checkpoint-request.ts'

const task: TaskStatus = { kind: 'Training', name: 'training', attempt: 2, state: 'Running' }
const job: ObservedJob = {
  name: 'study-0-r0-a2',
  uid: 'job',
  ownerUid: 'run',
  state: 'Running',
  isEnding: false,
  createdMs: 0,
  startedMs: 0,
  evictionWarning: 'node n1 is cordoned',
}
const busState = 'Connected' as const

test('a training whose pod will have to go is asked for a checkpoint, once an attempt', () => {
  const plan = planCheckpointRequest({ task, job, busState })
  expect(plan?.action).toEqual({ kind: 'RequestCheckpoint', task: TRAINING, attempt: 2 })
  expect(plan?.event.message).toBe(
    'training, attempt 2: node n1 is cordoned; its pod is asked for a checkpoint',
  )
  const after = plan?.task ?? task
  expect(planCheckpointRequest({ task: after, job, busState })).toBeUndefined()
  const next = { ...after, attempt: 3 }
  expect(planCheckpointRequest({ task: next, job, busState })?.action.attempt).toBe(3)
})

test.each([
  ['no warning', { job: { ...job, evictionWarning: undefined } }],
  ['a pod that does not run yet', { job: { ...job, state: 'Pending' as const } }],
  ['a pod that is ending', { job: { ...job, isEnding: true } }],
  ['no Job', { job: undefined }],
  ['an evaluation, which makes none', { task: { ...task, kind: 'Evaluation' as const } }],
  ['a bus that is away', { busState: 'Degraded' as const }],
  ['no bus', { busState: 'Off' as const }],
])('nothing is asked with %s', (_what, change) => {
  const input = { task, job, busState, ...change } as Parameters<typeof planCheckpointRequest>[0]
  expect(planCheckpointRequest(input)).toBeUndefined()
})
