import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunReport } from '../../contract/run-report.ts'
import { TRAINING } from '../../contract/task-address.ts'
import { createFakeBusLink } from '../../test/fakes/fake-bus-link.ts'
import { folderStorage } from '../folder-storage.ts'
import { openSpool } from '../spool.ts'
import { spoolMarkPath } from '../storage-layout.ts'
import type { BusLink, Sleep } from './bus-link.ts'
import { type Shipper, startShipper } from './ship-spool.ts'
import { readSpoolMark } from './spool-mark.ts'

const address = { namespace: 'default', runUid: 'run-1', task: TRAINING, attempt: 1 }
const folder = 'runs/key/attempts/1-pod'
const podUid = 'pod'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'neco-ship-'))
})
afterEach(() => rm(root, { recursive: true }))

const storage = () => folderStorage(root)
const soon: Sleep = () => new Promise((resolve) => setImmediate(resolve))

function start(link: Pick<BusLink, 'store'>, sleep: Sleep = soon): Promise<Shipper> {
  const log = { warn: () => undefined }
  return startShipper({ storage: storage(), folder, address, podUid, link, sleep, log })
}

/** A spool whose lines a shipper hears of. */
const spool = (shipper?: Shipper) =>
  openSpool({
    storage: storage(),
    attempt: folder,
    identity: { run: 'run', attempt: 1, podUid },
    now: () => new Date(0),
    monotonicMs: () => 0,
    ...(shipper === undefined ? {} : { onWritten: (reports) => shipper.add(reports) }),
  })
const steps = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    kind: 'Step' as const,
    step: index + 1,
    totalSteps: count,
    imagesSeen: 0,
    metrics: { loss: 1 },
  }))
const never = new AbortController().signal
const acked = async () => (await readSpoolMark(storage(), spoolMarkPath(folder)))?.acked
const sequences = (link: ReturnType<typeof createFakeBusLink>): number[] =>
  link.stored.map(({ data }) => (JSON.parse(data) as RunReport).sequence)
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

describe('a shipper', () => {
  test('brings every report to the subject of its pod, in order, and marks how far it got', async () => {
    const link = createFakeBusLink()
    const shipper = await start(link)
    await (await spool(shipper)).write(steps(200))
    await shipper.flush(never)
    await shipper.close()
    expect(sequences(link)).toEqual(upTo(200))
    expect(link.stored[0]).toMatchObject({
      subject: 'neco.default.run-1.training.1.pod.report',
      id: 'pod-1',
    })
    expect(await acked()).toBe(200)
    expect(shipper.unshipped()).toBe(0)
  })

  test('goes on after its mark, and ships what an earlier one left', async () => {
    const first = createFakeBusLink()
    const before = await start(first)
    await (await spool(before)).write(steps(3))
    await before.flush(never)
    await before.close()
    await (await spool()).write(steps(2))
    const second = createFakeBusLink()
    const after = await start(second)
    expect(after.unshipped()).toBe(2)
    await after.flush(never)
    await after.close()
    expect([sequences(first), sequences(second)]).toEqual([upTo(3), [4, 5]])
  })

  test('loses nothing, and leaves nothing twice, whichever tries fail', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { maxLength: 60 }),
        fc.integer({ min: 1, max: 150 }),
        async (failures, count) => {
          await storage().deletePrefix(folder)
          const link = createFakeBusLink()
          link.failWhen((attempt) => failures[attempt - 1] === true)
          const shipper = await start(link)
          await (await spool(shipper)).write(steps(count))
          await shipper.flush(never)
          await shipper.close()
          expect(sequences(link).sort((a, b) => a - b)).toEqual(upTo(count))
          expect(await acked()).toBe(count)
        },
      ),
      { numRuns: 25 },
    )
  })

  test('keeps its promise for more reports than it holds in memory', async () => {
    const link = createFakeBusLink()
    link.failWhen(() => true)
    const shipper = await start(link)
    const written = await spool(shipper)
    for (let batch = 0; batch < 10; batch++) await written.write(steps(500))
    expect(shipper.unshipped()).toBe(5000)
    link.failWhen(() => false)
    await shipper.flush(never)
    await shipper.close()
    expect(sequences(link)).toEqual(upTo(5000))
  })

  test('waits longer and longer while the server is away, at most 30 s', async () => {
    const link = createFakeBusLink()
    const pauses: number[] = []
    const enough = new AbortController()
    link.failWhen(() => true)
    const shipper = await start(link, async (ms) => {
      pauses.push(ms)
      if (pauses.length === 9) enough.abort()
      await new Promise((resolve) => setImmediate(resolve))
    })
    await (await spool(shipper)).write(steps(1))
    await shipper.flush(enough.signal)
    await shipper.close()
    expect(pauses.slice(0, 9)).toEqual([
      500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ])
    expect([shipper.unshipped(), await acked()]).toEqual([1, 0])
  })
})
