import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RunReport } from '../../contract/run-report.ts'
import { folderStorage } from '../../pod/folder-storage.ts'
import { attemptFolder, spoolFolder } from '../../pod/storage-layout.ts'
import { buildTestJobRequest } from '../../test/fixtures/job-request.ts'
import type { JobRecord } from './job-record.ts'
import { openSpoolHints } from './spool-hints.ts'

let storage = ''
beforeEach(async () => {
  storage = await mkdtemp(join(tmpdir(), 'neco-hints-'))
})
afterEach(() => rm(storage, { recursive: true }))

const owner = { name: 'study', uid: 'run-uid' }
const request = buildTestJobRequest({ owner })
const aTrainer = (uid: string, attempt: number, keepAt = [0.5, 1]): JobRecord => ({
  request: { ...request, attempt, execution: { ...request.execution, keepAt } },
  uid,
  state: 'Running',
  isEnding: false,
  createdMs: 0,
})

async function report(podUid: string, kind: RunReport['kind'], step: number): Promise<void> {
  const folder = join(storage, spoolFolder(attemptFolder('key', { attempt: 1, podUid })))
  await mkdir(folder, { recursive: true })
  const line: RunReport = {
    schemaVersion: 1,
    run: 'study',
    attempt: 1,
    podUid,
    sequence: step,
    kind,
    step,
    totalSteps: 40,
    imagesSeen: 0,
    wallTime: '2026-01-01T00:00:00Z',
    monotonicMs: 0,
    metrics: {},
  }
  await appendFile(join(folder, '00000001.ndjson'), `${JSON.stringify(line)}\n`)
}

test('a checkpoint that a trainer reports in its spool is a hint, once', async () => {
  let jobs = [aTrainer('pod-1', 1)]
  const hints = openSpoolHints({ jobs: () => jobs, storage: folderStorage(storage) })
  const changed: string[] = []
  const stop = hints.watchCheckpoints((runUid) => changed.push(runUid))
  await report('pod-1', 'Step', 20)
  await hints.refresh()
  expect([hints.findCheckpoint('run-uid'), changed]).toEqual([undefined, []])
  await report('pod-1', 'Checkpoint', 20)
  await hints.refresh()
  await hints.refresh()
  expect([hints.findCheckpoint('run-uid'), changed]).toEqual([
    { step: 20, totalSteps: 40 },
    ['run-uid'],
  ])
  jobs = [aTrainer('pod-2', 1)]
  await report('pod-2', 'Checkpoint', 10)
  await hints.refresh()
  stop()
  expect([hints.findCheckpoint('run-uid')?.step, changed.length]).toEqual([20, 1])
})

test('a training that is evaluated at its ends alone is not read', async () => {
  const hints = openSpoolHints({
    jobs: () => [aTrainer('pod-1', 1, [1])],
    storage: folderStorage(storage),
  })
  await report('pod-1', 'Checkpoint', 20)
  await hints.refresh()
  expect(hints.findCheckpoint('run-uid')).toBeUndefined()
})
