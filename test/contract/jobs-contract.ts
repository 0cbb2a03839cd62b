import { describe, expect, it } from 'vitest'
import type { TerminationMessage } from '../../contract/run-report.ts'
import type { ObjectKey } from '../../kube/object-key.ts'
import type { JobRequest } from '../../operator/ports/job-request.ts'
import type { Jobs } from '../../operator/ports/jobs.ts'
import type { ObservedJob } from '../../operator/ports/observed-job.ts'
import { waitForOwnedJobs } from '../fixtures/wait-for-owned-jobs.ts'

/** An empty Jobs port, with control over its pods. */
export interface JobsFixture {
  readonly jobs: Jobs
  /** Namespace of the Jobs; `default` when left out. */
  readonly namespace?: string
  /** The two owning runs, where a platform has them. */
  readonly owners?: Owners
  /** A Job whose pod runs until it is stopped. */
  readonly buildRequest: (name: string, owner: JobRequest['owner']) => JobRequest
  /** Lets the pod of a running Job end by itself. */
  readonly endPod: (
    name: string,
    end: { readonly exitCode: number; readonly termination: TerminationMessage },
  ) => Promise<void>
  readonly close: () => Promise<void>
}

interface Owners {
  readonly mine: JobRequest['owner']
  readonly other: JobRequest['owner']
}

const key = ({ namespace = 'default' }: JobsFixture, name: string): ObjectKey => ({
  namespace,
  name,
})
const OWNERS: Owners = {
  mine: { name: 'study-0-r0', uid: 'uid-of-my-run' },
  other: { name: 'study-0-r1', uid: 'uid-of-another-run' },
}
const buildTestTermination = (reason: string): TerminationMessage => ({
  schemaVersion: 1,
  reason,
  message: 'all steps done',
  reused: false,
  step: 4,
  metrics: { loss: 3.5 },
  evaluations: [],
})

type OwnedJobsFixture = JobsFixture & { readonly owners: Owners }
type JobsPredicate = (jobs: readonly ObservedJob[]) => boolean

/**
 * The Jobs of the first run once the check holds; a platform starts and ends pods in the
 * background, and notifies.
 */
const waitForJobs = (
  { jobs, owners: { mine } }: OwnedJobsFixture,
  predicate: JobsPredicate,
): Promise<readonly ObservedJob[]> =>
  waitForOwnedJobs(jobs, mine.uid, (found) => (predicate(found) ? found : undefined))
const isRunning: JobsPredicate = ([job]) => job?.state === 'Running'
const hasEnded: JobsPredicate = ([job]) => job?.state === 'Succeeded' || job?.state === 'Failed'

async function withJobsFixture<T>(
  open: () => Promise<JobsFixture>,
  check: (fixture: OwnedJobsFixture) => Promise<T>,
) {
  const fixture = await open()
  try {
    await check({ owners: OWNERS, ...fixture })
  } finally {
    await fixture.close()
  }
}

function describeCreation(open: () => Promise<JobsFixture>): void {
  it('shows a Job as soon as create returns, to its owner alone', () =>
    withJobsFixture(open, async ({ jobs, buildRequest, owners: { mine, other } }) => {
      await jobs.create(buildRequest('study-0-r0-a1', mine))
      const [job, ...others] = await jobs.listOwnedBy(mine.uid)
      expect(job).toMatchObject({ name: 'study-0-r0-a1', ownerUid: mine.uid, isEnding: false })
      expect(['Pending', 'Running']).toContain(job?.state)
      expect([others, await jobs.listOwnedBy(other.uid)]).toEqual([[], []])
    }))

  it('rejects a second Job of a name with AlreadyExists, whoever owns the first', () =>
    withJobsFixture(open, async ({ jobs, buildRequest, owners: { mine, other } }) => {
      await jobs.create(buildRequest('study-0-r0-a1', other))
      for (const owner of [mine, other]) {
        const again = jobs.create(buildRequest('study-0-r0-a1', owner))
        await expect(again).rejects.toMatchObject({ code: 'AlreadyExists' })
      }
      expect(await jobs.listOwnedBy(mine.uid)).toEqual([])
    }))
}

function describeEnding(open: () => Promise<JobsFixture>): void {
  const ends = [
    { exitCode: 0, state: 'Succeeded', reason: 'Succeeded' },
    { exitCode: 2, state: 'Failed', reason: 'UserError' },
  ] as const
  it.each(ends)(
    'reports exit code $exitCode as $state, with termination message and times',
    ({ exitCode, state, reason }) =>
      withJobsFixture(open, async (fixture) => {
        const {
          jobs,
          buildRequest,
          endPod,
          owners: { mine },
        } = fixture
        await jobs.create(buildRequest('study-0-r0-a1', mine))
        await waitForJobs(fixture, isRunning)
        await endPod('study-0-r0-a1', { exitCode, termination: buildTestTermination(reason) })
        const [job] = await waitForJobs(fixture, hasEnded)
        expect(job).toMatchObject({ state, exitCode, termination: buildTestTermination(reason) })
        const { createdMs = 1, startedMs = 0, endedMs = -1 } = job ?? {}
        expect([createdMs <= startedMs, startedMs <= endedMs]).toEqual([true, true])
      }),
  )

  it('keeps an ended Job, and its name, until it is deleted', () =>
    withJobsFixture(open, async (fixture) => {
      const {
        jobs,
        buildRequest,
        endPod,
        owners: { mine },
      } = fixture
      const request = buildRequest('study-0-r0-a1', mine)
      await jobs.create(request)
      await waitForJobs(fixture, isRunning)
      await endPod(request.name, { exitCode: 0, termination: buildTestTermination('Succeeded') })
      await waitForJobs(fixture, hasEnded)
      await expect(jobs.create(request)).rejects.toMatchObject({ code: 'AlreadyExists' })
      await jobs.delete(key(fixture, request.name))
      await waitForJobs(fixture, (found) => found.length === 0)
      await jobs.create(request)
      expect(await jobs.listOwnedBy(mine.uid)).toMatchObject([{ name: request.name }])
    }))
}

function describeDeletion(open: () => Promise<JobsFixture>): void {
  it('stops a running pod, and the Job is gone when that has ended', () =>
    withJobsFixture(open, async (fixture) => {
      const {
        jobs,
        buildRequest,
        owners: { mine },
      } = fixture
      await jobs.create(buildRequest('study-0-r0-a1', mine))
      await waitForJobs(fixture, isRunning)
      await jobs.delete(key(fixture, 'study-0-r0-a1'))
      const still = await jobs.listOwnedBy(mine.uid)
      expect(still.every(({ isEnding }) => isEnding)).toBe(true)
      await jobs.delete(key(fixture, 'study-0-r0-a1'))
      await waitForJobs(fixture, (found) => found.length === 0)
    }))

  it('deletes a missing Job without an error', () =>
    withJobsFixture(open, async (fixture) => {
      expect(await fixture.jobs.delete(key(fixture, 'study-9-r9-a9'))).toBeUndefined()
    }))
}

function describeWatch(open: () => Promise<JobsFixture>): void {
  it('notifies of the owning run when its Job is created, ends and is deleted, until it is unsubscribed', () =>
    withJobsFixture(open, async (fixture) => {
      const {
        jobs,
        buildRequest,
        endPod,
        owners: { mine },
      } = fixture
      const received: ObjectKey[] = []
      const stop = jobs.watch((run) => received.push(run))
      const nextOwnChange = async (): Promise<void> => {
        while (received.length === 0) await new Promise((resolve) => setImmediate(resolve))
        expect(new Set(received.splice(0).map(({ name }) => name))).toEqual(new Set([mine.name]))
      }
      await jobs.create(buildRequest('study-0-r0-a1', mine))
      await waitForJobs(fixture, isRunning)
      await nextOwnChange()
      await endPod('study-0-r0-a1', { exitCode: 0, termination: buildTestTermination('Succeeded') })
      await waitForJobs(fixture, hasEnded)
      await nextOwnChange()
      await jobs.delete(key(fixture, 'study-0-r0-a1'))
      await waitForJobs(fixture, (found) => found.length === 0)
      await nextOwnChange()
      stop()
      await jobs.create(buildRequest('study-0-r0-a2', mine))
      expect(received).toEqual([])
    }))
}

/** The contract of every Jobs port; `open` returns a new one without Jobs. */
export function describeJobsContract(platform: string, open: () => Promise<JobsFixture>): void {
  describe(`the Jobs of ${platform}`, () => {
    describeCreation(open)
    describeEnding(open)
    describeDeletion(open)
    describeWatch(open)
  })
}
