import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { RunReport } from '../../contract/run-report.ts'
import { createSpoolTail } from './spool-tail.ts'

let storage = ''
beforeEach(async () => {
  storage = await mkdtemp(join(tmpdir(), 'neco-spool-'))
})
afterEach(() => rm(storage, { recursive: true }))

const aReport = (sequence: number): RunReport => ({
  schemaVersion: 1,
  run: 'sweep-0-r0',
  attempt: 2,
  podUid: 'pod-a',
  sequence,
  kind: 'Step',
  step: sequence,
  totalSteps: 40,
  imagesSeen: sequence * 16,
  wallTime: '2026-01-01T00:00:00Z',
  monotonicMs: 1,
  metrics: { loss: 2.5 },
})

it('gives each complete report once, waits for a torn line, and passes over what is no report', async () => {
  const tail = createSpoolTail(storage)
  const pod = { attempt: 2, podUid: 'pod-a' }
  expect(await tail.readNew(pod)).toEqual([])

  const folder = join(storage, 'runs', 'a'.repeat(64), 'attempts', '2-pod-a')
  await mkdir(folder, { recursive: true })
  const spool = join(folder, 'spool.ndjson')
  const second = JSON.stringify(aReport(2))
  await writeFile(spool, `${JSON.stringify(aReport(1))}\n{"kind":"?"}\n${second.slice(0, 20)}`)
  expect(await tail.readNew(pod)).toEqual([aReport(1)])
  expect(await tail.readNew(pod)).toEqual([])

  await appendFile(spool, `${second.slice(20)}\n`)
  expect(await tail.readNew(pod)).toEqual([aReport(2)])
})
