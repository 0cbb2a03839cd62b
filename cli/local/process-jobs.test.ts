import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JobRequest } from '../../operator/ports/job-request.ts'
import { folderStorage } from '../../pod/folder-storage.ts'
import { aJobRequest } from '../../test/job-request.ts'
import { openJournal } from './journal.ts'
import { isAlive } from './process-identity.ts'
import { ProcessJobs } from './process-jobs.ts'

/** A stand-in for trainer and evaluator: does what its `work` says. */
const PROGRAM = `
import { readFileSync, writeFileSync } from 'node:fs'
const config = JSON.parse(readFileSync(process.argv[3], 'utf8'))
const say = (reason) => writeFileSync(process.env.NECO_TERMINATION_FILE, JSON.stringify({
  schemaVersion: 1, reason, message: config.identity.podUid, reused: false, step: 0, metrics: {}, evaluations: [] }))
const task = config.result.task
if (task === 'succeed') { say('Succeeded'); process.exit(0) }
if (task === 'fail') { say('DataEmpty'); process.exit(2) }
process.on('SIGTERM', () => { say('Interrupted'); process.exit(5) })
setInterval(() => {}, 1000)
console.log('ready')
`

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neco-jobs-'))
  await writeFile(join(folder, 'program.mjs'), PROGRAM)
})
afterEach(() => rm(folder, { recursive: true }))

async function openJobs(environment: Readonly<Record<string, string>> = {}) {
  let uids = 0
  const program = join(folder, 'program.mjs')
  const jobs = new ProcessJobs({
    journal: await openJournal(
      folderStorage(folder, () => 0),
      'journal.ndjson',
    ),
    folder: join(folder, 'jobs'),
    storage: '/storage',
    volumes: { '': '/manifests' },
    programs: { trainer: program, evaluator: program },
    environment,
    now: () => 1000,
    newUid: () => `pod-${++uids}`,
  })
  /** The Job once it is as wanted. */
  const once = (wanted: (state: string) => boolean) =>
    new Promise<void>((resolve) => {
      const check = async () => {
        const [job] = await jobs.listOwnedBy('run-uid')
        if (job === undefined || wanted(job.state)) resolve()
      }
      jobs.watch(() => void check())
      void check()
    })
  return { jobs, ended: () => once((state) => state === 'Succeeded' || state === 'Failed') }
}

/** The work stands where a run's settings would; the stand-in reads nothing else. */
const aRequest = (task: string): JobRequest =>
  aJobRequest({
    namespace: 'default',
    owner: { name: 'study-0-r0', uid: 'run-uid' },
    result: { task: task } as unknown as JobRequest['result'],
  })
const key = { namespace: 'default', name: 'study-0-r0-a1' }
const readJobLogText = () => readFile(join(folder, 'jobs/default/study-0-r0-a1/log.ndjson'), 'utf8')
async function ready(): Promise<void> {
  while (!(await readJobLogText()).includes('ready'))
    await new Promise((resolve) => setTimeout(resolve, 5))
}

const expectedTermination = (reason: string) => ({
  schemaVersion: 1,
  reason,
  message: 'pod-1',
  reused: false,
  step: 0,
  metrics: {},
  evaluations: [],
})
const anObserved = {
  name: 'study-0-r0-a1',
  uid: 'pod-1',
  ownerUid: 'run-uid',
  isEnding: false,
  createdMs: 1000,
  startedMs: 1000,
  endedMs: 1000,
}

describe('Jobs of the local home', () => {
  it('tell their process everything, and report exit code and last words', async () => {
    const { jobs, ended } = await openJobs()
    await jobs.create(aRequest('fail'))
    await ended()
    expect(await jobs.listOwnedBy('run-uid')).toEqual([
      {
        ...anObserved,
        state: 'Failed',
        exitCode: 2,
        termination: expectedTermination('DataEmpty'),
      },
    ])
    const config = await readFile(
      join(folder, 'jobs/default/study-0-r0-a1/run-config.json'),
      'utf8',
    )
    expect(JSON.parse(config)).toMatchObject({
      identity: { sweep: 'study', run: 'study-0-r0', attempt: 1, podUid: 'pod-1' },
      execution: { storage: '/storage', volumes: { '': '/manifests' }, threads: 1 },
    })
    await expect(jobs.create(aRequest('fail'))).rejects.toMatchObject({ code: 'AlreadyExists' })
  })

  it('are remembered after a restart', async () => {
    const first = await openJobs()
    await first.jobs.create(aRequest('succeed'))
    await first.ended()
    const second = await openJobs()
    await second.jobs.recoverJobs()
    expect(await second.jobs.listOwnedBy('run-uid')).toEqual([
      {
        ...anObserved,
        state: 'Succeeded',
        exitCode: 0,
        termination: expectedTermination('Succeeded'),
      },
    ])
  })

  it('end within their grace when they are deleted, and leave nothing behind', async () => {
    const { jobs } = await openJobs()
    await jobs.create(aRequest('wait'))
    await ready()
    const [record] = jobs.records()
    await jobs.delete(key)
    expect(await jobs.listOwnedBy('run-uid')).toMatchObject([{ state: 'Running', isEnding: true }])
    await jobs.close()
    expect(await jobs.listOwnedBy('run-uid')).toEqual([])
    await expect(access(join(folder, 'jobs/default/study-0-r0-a1'))).rejects.toThrow('ENOENT')
    expect(record?.process && (await isAlive(record.process))).toBe(false)
  })

  it('write a checkpoint and end when neco ends, and start no more', async () => {
    const { jobs } = await openJobs()
    await jobs.create(aRequest('wait'))
    await ready()
    await jobs.close()
    expect(await jobs.listOwnedBy('run-uid')).toMatchObject([
      { state: 'Failed', exitCode: 5, termination: { reason: 'Interrupted' } },
    ])
    const later = jobs.create({ ...aRequest('wait'), name: 'study-0-r0-a2' })
    await expect(later).rejects.toMatchObject({ code: 'Unavailable' })
  })

  it('that an earlier neco left running are ended and count as disrupted', async () => {
    const first = await openJobs()
    await first.jobs.create(aRequest('wait'))
    await ready()
    const [record] = first.jobs.records()
    const second = await openJobs()
    await second.jobs.recoverJobs()
    expect(await second.jobs.listOwnedBy('run-uid')).toMatchObject([
      { state: 'Failed', cause: 'Disrupted' },
    ])
    expect(record?.process && (await isAlive(record.process))).toBe(false)
  })

  it('that cannot be started say why', async () => {
    const { jobs } = await openJobs()
    await writeFile(join(folder, 'jobs'), 'a file where the folder of the Jobs should be')
    await jobs.create(aRequest('succeed'))
    expect(await jobs.listOwnedBy('run-uid')).toMatchObject([
      { state: 'Failed', cause: 'CannotStart', termination: { reason: 'CannotStart' } },
    ])
  })
})
