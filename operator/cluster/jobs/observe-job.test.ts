import { describe, expect, test } from 'vitest'
import {
  buildBoundPod,
  buildFailedStatus,
  buildPodCondition,
  buildTrainerStatus,
  terminationMessage,
  terminationMessageText,
  toTimestamp,
} from '../../../test/fixtures/pod-states.ts'
import { findNewestPod, mustRereadPods, observeJob } from './observe-job.ts'
import type { JobView, PodView } from './pod-view.ts'

const nowMs = 500_000
const job = (changes: Omit<JobView, 'metadata'> = {}, meta: object = {}): JobView => ({
  metadata: {
    name: 'study-0-r0-a1',
    namespace: 'team',
    uid: 'job-uid',
    resourceVersion: '1',
    creationTimestamp: toTimestamp(90),
    ownerReferences: [{ uid: 'run-uid', kind: 'NeCoRun', name: 'study-0-r0', controller: true }],
    ...meta,
  },
  ...changes,
})
const closed = (type: 'Complete' | 'Failed', reason = 'BackoffLimitExceeded'): JobView =>
  job({
    status: { failed: 1, conditions: [buildPodCondition(type, { reason, message: 'so it is' })] },
  })
const running = buildBoundPod({
  phase: 'Running',
  containerStatuses: [buildTrainerStatus({ running: { startedAt: toTimestamp(130) } })],
})
const withMeta = (pod: PodView, meta: object): PodView => ({
  ...pod,
  metadata: { ...pod.metadata, ...meta },
})
const observe = (given: JobView, pods: readonly PodView[] = []) =>
  observeJob({ job: given, pods, nowMs })

describe('a Job as the controllers see it', () => {
  test('has the times and the termination message of its pod, and its owner', () => {
    const done = buildBoundPod({
      ...buildFailedStatus({ exitCode: 0, message: terminationMessageText }),
      phase: 'Succeeded',
    })
    expect(observe(job(), [done])).toEqual({
      name: 'study-0-r0-a1',
      uid: 'job-uid',
      ownerUid: 'run-uid',
      isEnding: false,
      createdMs: 90_000,
      state: 'Succeeded',
      exitCode: 0,
      termination: terminationMessage,
      startedMs: 130_000,
      endedMs: 190_000,
    })
  })

  test('is ending while it is deleted and its pod has not gone', () => {
    const deleted = job({}, { deletionTimestamp: toTimestamp(400) })
    expect(observe(deleted, [running])).toMatchObject({ state: 'Running', isEnding: true })
  })

  test('puts the times of several machines in order', () => {
    const early = buildBoundPod(
      buildFailedStatus({ exitCode: 1, startedAt: toTimestamp(80), finishedAt: toTimestamp(70) }),
    )
    expect(observe(job(), [early])).toMatchObject({ startedMs: 90_000, endedMs: 90_000 })
  })

  test('waits in its queue while it is suspended, since it was', () => {
    const suspended = buildPodCondition('Suspended', { lastTransitionTime: toTimestamp(95) })
    const queued = job(
      { spec: { suspend: true }, status: { conditions: [suspended] } },
      { labels: { 'kueue.x-k8s.io/queue-name': 'gpus' } },
    )
    expect(observe(queued).waiting).toEqual({
      phase: 'Queue',
      sinceMs: 95_000,
      reason: 'Queued',
      message: 'queue gpus has not admitted the Job yet',
    })
  })

  test('waits for its pod to be made, since it was let go', () => {
    expect(observe(job({ status: { startTime: toTimestamp(300) } }))).toMatchObject({
      state: 'Pending',
      waiting: { phase: 'Schedule', sinceMs: 300_000, reason: 'NoPod' },
    })
  })

  test('says so only after a while, since a status that changes costs a write', () => {
    const young = job({ status: { startTime: toTimestamp(491) } })
    expect(observe(young).waiting).toEqual({ phase: 'Schedule', sinceMs: 491_000 })
  })

  test('lets no old deadline pass in the moment between a pod that went and the word of the Job', () => {
    expect(observe(job({ status: { startTime: toTimestamp(95), active: 1 } }))).toMatchObject({
      state: 'Pending',
      waiting: { phase: 'Schedule', sinceMs: nowMs },
    })
  })

  test('was disrupted where it failed and its pod is gone', () => {
    expect(observe(closed('Failed'))).toMatchObject({
      state: 'Failed',
      cause: 'Disrupted',
      message: 'its pod is gone (BackoffLimitExceeded: so it is)',
      endedMs: 110_000,
    })
  })

  test('has succeeded without words where it is complete and its pod is gone', () => {
    const { state, exitCode, termination } = observe(closed('Complete'))
    expect([state, exitCode, termination]).toEqual(['Succeeded', 0, undefined])
  })

  test('is read by its newest pod', () => {
    const newer = withMeta(running, { creationTimestamp: toTimestamp(200) })
    const older = buildBoundPod(buildFailedStatus({ exitCode: 5 }))
    expect(findNewestPod([older, newer])).toBe(newer)
    expect(observe(job(), [older, newer]).state).toBe('Running')
  })
})

describe('a pod that Kueue takes back', () => {
  const deletedPod = withMeta(buildBoundPod(buildFailedStatus({ exitCode: 5 })), {
    deletionTimestamp: toTimestamp(300),
  })
  test('puts its Job back into the queue, and charges nothing', () => {
    expect(observe(job({ spec: { suspend: true } }), [deletedPod])).toMatchObject({
      state: 'Pending',
      waiting: { phase: 'Queue' },
    })
  })
  test('is not judged before the Job says whether it is suspended or failed', () => {
    expect(observe(job(), [deletedPod])).toMatchObject({ state: 'Pending' })
    expect(observe(closed('Failed'), [deletedPod])).toMatchObject({ state: 'Failed', exitCode: 5 })
  })
})

describe('pods are read again', () => {
  test.each([
    ['when a Job is closed and none is known', closed('Failed'), [], true],
    ['when a Job is closed and its pod seems to run', closed('Failed'), [running], true],
    [
      'not when the pod has ended',
      closed('Failed'),
      [buildBoundPod(buildFailedStatus({ exitCode: 1 }))],
      false,
    ],
    ['not while the Job is open', job(), [running], false],
  ])('%s', (...[, given, pods, expected]) => {
    expect(mustRereadPods({ job: given, pods })).toBe(expected)
  })
})
