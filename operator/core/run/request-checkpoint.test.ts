import { expect, test } from 'vitest'
import type { WorkStatus } from '../../../crds/necorun.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { requestCheckpoint } from './request-checkpoint.ts'

const work: WorkStatus = { name: 'train', attempt: 2, state: 'Running' }
const job: ObservedJob = {
  name: 'study-0-r0-a2',
  uid: 'job',
  ownerUid: 'run',
  state: 'Running',
  isEnding: false,
  createdMs: 0,
  startedMs: 0,
  warning: 'node n1 is cordoned',
}
const busState = 'Connected' as const

test('a training whose pod will have to go is asked for a checkpoint, once an attempt', () => {
  const warned = requestCheckpoint({ work, job, busState })
  expect(warned?.action).toEqual({ kind: 'RequestCheckpoint', work: 'train', attempt: 2 })
  expect(warned?.event.message).toBe(
    'train, attempt 2: node n1 is cordoned; its pod is asked for a checkpoint',
  )
  const after = warned?.work ?? work
  expect(requestCheckpoint({ work: after, job, busState })).toBeUndefined()
  const next = { ...after, attempt: 3 }
  expect(requestCheckpoint({ work: next, job, busState })?.action.attempt).toBe(3)
})

test.each([
  ['no warning', { job: { ...job, warning: undefined } }],
  ['a pod that does not run yet', { job: { ...job, state: 'Pending' as const } }],
  ['a pod that is ending', { job: { ...job, isEnding: true } }],
  ['no Job', { job: undefined }],
  ['an evaluation, which makes none', { work: { ...work, name: 'quality' } }],
  ['a bus that is away', { busState: 'Degraded' as const }],
  ['no bus', { busState: 'Off' as const }],
])('nothing is asked with %s', (_what, change) => {
  const sighting = { work, job, busState, ...change } as Parameters<typeof requestCheckpoint>[0]
  expect(requestCheckpoint(sighting)).toBeUndefined()
})
