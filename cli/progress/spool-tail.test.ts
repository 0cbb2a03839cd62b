import { expect, it } from 'vitest'
import type { RunReport } from '../../contract/run-report.ts'
import { attemptFolder, spoolSegmentPath } from '../../pod/storage-layout.ts'
import { memoryBucket } from '../../test/fakes/memory-bucket.ts'
import { createSpoolTail } from './spool-tail.ts'

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

it('gives each complete report once, over all segments, and passes over what is no report', async () => {
  const storage = memoryBucket()
  const tail = createSpoolTail(storage)
  const pod = { attempt: 2, podUid: 'pod-a' }
  expect(await tail.readNew(pod)).toEqual([])

  const attempt = attemptFolder('a'.repeat(64), pod)
  const line = (sequence: number) => `${JSON.stringify(aReport(sequence))}\n`
  const first = `${line(1)}{"kind":"?"}\n`
  await storage.put(spoolSegmentPath(attempt, 1), first)
  expect(await tail.readNew(pod)).toEqual([aReport(1)])
  expect(await tail.readNew(pod)).toEqual([])

  await storage.put(spoolSegmentPath(attempt, 1), first + line(2))
  await storage.put(spoolSegmentPath(attempt, 2), line(3))
  expect(await tail.readNew(pod)).toEqual([aReport(2), aReport(3)])
  await storage.put(spoolSegmentPath(attempt, 2), line(3) + line(4))
  expect(await tail.readNew(pod)).toEqual([aReport(4)])
})
