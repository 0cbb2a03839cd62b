import { describe, expect, it } from 'vitest'
import type { TerminationMessage } from '../../../contract/run-report.ts'
import { onceJobs } from '../../../test/once-jobs.ts'
import type { JobRequest } from '../job-request.ts'
import type { Jobs } from '../jobs.ts'
import type { ObjectKey } from '../objects.ts'
import type { ObservedJob } from '../observed-job.ts'

/** Jobs of a home without any, and a hand on their pods. */
export interface JobsPort {
  readonly jobs: Jobs
  /** Where the Jobs are; default where left out. */
  readonly namespace?: string
  /** The two runs that own them, where a home knows which there are. */
  readonly owners?: Owners
  /** A Job whose pod runs until it is told to end. */
  readonly aRequest: (name: string, owner: JobRequest['owner']) => JobRequest
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

const key = ({ namespace = 'default' }: JobsPort, name: string): ObjectKey => ({ namespace, name })
const OWNERS: Owners = {
  mine: { name: 'study-0-r0', uid: 'uid-of-my-run' },
  other: { name: 'study-0-r1', uid: 'uid-of-another-run' },
}
const lastWords = (reason: string): TerminationMessage => ({
  schemaVersion: 1,
  reason,
  message: 'the last words',
  reused: false,
  step: 4,
  metrics: { loss: 3.5 },
  evaluations: [],
})

type Opened = JobsPort & { readonly owners: Owners }
type Holds = (jobs: readonly ObservedJob[]) => boolean

/** The Jobs of my run once they are as wanted; a home starts and ends pods in the background, and tells of it. */
const once = ({ jobs, owners: { mine } }: Opened, holds: Holds): Promise<readonly ObservedJob[]> =>
  onceJobs(jobs, mine.uid, (found) => (holds(found) ? found : undefined))
const isRunning: Holds = ([job]) => job?.state === 'Running'
const hasEnded: Holds = ([job]) => job?.state === 'Succeeded' || job?.state === 'Failed'

async function within<T>(open: () => Promise<JobsPort>, check: (port: Opened) => Promise<T>) {
  const port = await open()
  try {
    await check({ owners: OWNERS, ...port })
  } finally {
    await port.close()
  }
}

function describeCreation(open: () => Promise<JobsPort>): void {
  it('shows a Job as soon as create returns, to its owner alone', () =>
    within(open, async ({ jobs, aRequest, owners: { mine, other } }) => {
      await jobs.create(aRequest('study-0-r0-a1', mine))
      const [job, ...others] = await jobs.listOwnedBy(mine.uid)
      expect(job).toMatchObject({ name: 'study-0-r0-a1', ownerUid: mine.uid, isEnding: false })
      expect(['Pending', 'Running']).toContain(job?.state)
      expect([others, await jobs.listOwnedBy(other.uid)]).toEqual([[], []])
    }))

  it('refuses a second Job of a name as AlreadyExists, whoever owns the first', () =>
    within(open, async ({ jobs, aRequest, owners: { mine, other } }) => {
      await jobs.create(aRequest('study-0-r0-a1', other))
      for (const owner of [mine, other]) {
        const again = jobs.create(aRequest('study-0-r0-a1', owner))
        await expect(again).rejects.toMatchObject({ code: 'AlreadyExists' })
      }
      expect(await jobs.listOwnedBy(mine.uid)).toEqual([])
    }))
}

function describeEnding(open: () => Promise<JobsPort>): void {
  const ends = [
    { exitCode: 0, state: 'Succeeded', reason: 'Succeeded' },
    { exitCode: 2, state: 'Failed', reason: 'UserError' },
  ] as const
  it.each(ends)(
    'reports exit code $exitCode as $state, with last words and times',
    ({ exitCode, state, reason }) =>
      within(open, async (port) => {
        const {
          jobs,
          aRequest,
          endPod,
          owners: { mine },
        } = port
        await jobs.create(aRequest('study-0-r0-a1', mine))
        await once(port, isRunning)
        await endPod('study-0-r0-a1', { exitCode, termination: lastWords(reason) })
        const [job] = await once(port, hasEnded)
        expect(job).toMatchObject({ state, exitCode, termination: lastWords(reason) })
        const { createdMs = 1, startedMs = 0, endedMs = -1 } = job ?? {}
        expect([createdMs <= startedMs, startedMs <= endedMs]).toEqual([true, true])
      }),
  )

  it('keeps an ended Job, and its name, until it is deleted', () =>
    within(open, async (port) => {
      const {
        jobs,
        aRequest,
        endPod,
        owners: { mine },
      } = port
      const request = aRequest('study-0-r0-a1', mine)
      await jobs.create(request)
      await once(port, isRunning)
      await endPod(request.name, { exitCode: 0, termination: lastWords('Succeeded') })
      await once(port, hasEnded)
      await expect(jobs.create(request)).rejects.toMatchObject({ code: 'AlreadyExists' })
      await jobs.delete(key(port, request.name))
      await once(port, (found) => found.length === 0)
      await jobs.create(request)
      expect(await jobs.listOwnedBy(mine.uid)).toMatchObject([{ name: request.name }])
    }))
}

function describeDeletion(open: () => Promise<JobsPort>): void {
  it('asks a running pod to end, and the Job is gone when it has', () =>
    within(open, async (port) => {
      const {
        jobs,
        aRequest,
        owners: { mine },
      } = port
      await jobs.create(aRequest('study-0-r0-a1', mine))
      await once(port, isRunning)
      await jobs.delete(key(port, 'study-0-r0-a1'))
      const still = await jobs.listOwnedBy(mine.uid)
      expect(still.every(({ isEnding }) => isEnding)).toBe(true)
      await jobs.delete(key(port, 'study-0-r0-a1'))
      await once(port, (found) => found.length === 0)
    }))

  it('deletes nothing without complaint', () =>
    within(open, async (port) => {
      expect(await port.jobs.delete(key(port, 'study-9-r9-a9'))).toBeUndefined()
    }))
}

function describeWatch(open: () => Promise<JobsPort>): void {
  it('wakes the owning run when its Job appears, ends and goes, until it is stopped', () =>
    within(open, async (port) => {
      const {
        jobs,
        aRequest,
        endPod,
        owners: { mine },
      } = port
      const heard: ObjectKey[] = []
      const stop = jobs.watch((run) => heard.push(run))
      const hearsMine = async (): Promise<void> => {
        while (heard.length === 0) await new Promise((resolve) => setImmediate(resolve))
        expect(new Set(heard.splice(0).map(({ name }) => name))).toEqual(new Set([mine.name]))
      }
      await jobs.create(aRequest('study-0-r0-a1', mine))
      await once(port, isRunning)
      await hearsMine()
      await endPod('study-0-r0-a1', { exitCode: 0, termination: lastWords('Succeeded') })
      await once(port, hasEnded)
      await hearsMine()
      await jobs.delete(key(port, 'study-0-r0-a1'))
      await once(port, (found) => found.length === 0)
      await hearsMine()
      stop()
      await jobs.create(aRequest('study-0-r0-a2', mine))
      expect(heard).toEqual([])
    }))
}

/** What the controllers rely on, whatever the home; `open` gives a home without Jobs each time. */
export function describeJobsPort(home: string, open: () => Promise<JobsPort>): void {
  describe(`the Jobs of ${home}`, () => {
    describeCreation(open)
    describeEnding(open)
    describeDeletion(open)
    describeWatch(open)
  })
}
