import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NeCoRun } from '../../../crds/necorun.ts'
import { findCondition, isEnded } from '../../../operator/core/conditions.ts'
import { openAuditLog } from '../operator/audit-log.ts'
import { buildMicroRun } from '../runs/micro-run.ts'
import { openStudyFixture, type StudyFixture } from '../sweeps/study-fixture.ts'
import { printMeasurement } from '../testbed/print-measurement.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import { readSpooledReports, readStreamedReports, reportIds } from './run-reports.ts'

const testbed = sharedTestbed()
const OUTAGE_MS = 60_000
/** Ends during the outage. */
const SHORT = 'short'
/** Would train for days. */
const LONG = 'long'

let fixture: StudyFixture
beforeAll(async () => {
  fixture = await openStudyFixture(testbed, { name: 'nats-outage' })
})
afterAll(() => fixture?.close())

async function readRun(name: string): Promise<NeCoRun> {
  const args = ['get', 'necorun', name, '-n', fixture.namespace, '-o', 'json']
  return JSON.parse(await testbed.kubectl.ok(args)) as NeCoRun
}

const eventually = <T>(what: string, look: () => Promise<T | undefined>): Promise<T> =>
  waitUntil({ what, withinMs: 240_000, look })

const busDegraded = async (name: string): Promise<string | undefined> =>
  findCondition((await readRun(name)).status?.conditions, 'BusDegraded')?.status

const readSpooled = async (name: string) =>
  readSpooledReports(fixture.storage, (await readRun(name)).metadata.uid ?? '')

const readStreamed = async (name: string) => {
  const runUid = (await readRun(name)).metadata.uid ?? ''
  return readStreamedReports(fixture.nats, { namespace: fixture.namespace, runUid })
}

const jobs = async (): Promise<string[]> => {
  const args = ['get', 'jobs', '-n', fixture.namespace, '-o', 'jsonpath={.items[*].metadata.name}']
  return (await testbed.kubectl.ok(args)).split(' ').sort()
}

const findLongPod = (): Promise<string> => {
  const args = ['get', 'pods', '-n', fixture.namespace, '-l', `job-name=${LONG}-a1`]
  return testbed.kubectl.ok([
    ...args,
    '-o',
    'jsonpath={.items[*].metadata.uid} {.items[*].status.phase}',
  ])
}

const seconds = (sinceMs: number): string => ((performance.now() - sinceMs) / 1000).toFixed(1)

describe('an outage of NATS for a minute during training', () => {
  let pod = ''
  let awayMs = 0

  test('is a condition of live runs, and stops nothing', async () => {
    await fixture.apply(await buildMicroRun(LONG, 1_000_000))
    await eventually('the first reports of the long run', async () =>
      (await readStreamed(LONG)).reports.length > 5 ? true : undefined,
    )
    await fixture.apply(await buildMicroRun(SHORT, 100))
    await eventually('reports of the short run', async () =>
      (await readStreamed(SHORT)).reports.length > 5 ? true : undefined,
    )
    pod = await findLongPod()
    await fixture.nats.stop('Killed')
    awayMs = performance.now()
    expect(isEnded((await readRun(SHORT)).status?.conditions)).toBe(false)
    const before = (await readSpooled(LONG)).length
    await eventually('BusDegraded', async () => (await busDegraded(LONG)) === 'True' || undefined)
    printMeasurement(
      `BusDegraded is True ${seconds(awayMs)} s after NATS was killed (at most 30 s)`,
    )
    await fixture.until('necorun', SHORT, 'Complete')
    printMeasurement(`the short run is Complete ${seconds(awayMs)} s after NATS was killed`)
    const { status } = await readRun(SHORT)
    expect(status?.unshippedReports).toEqual({ readers: 0 })
    expect(status?.tasks?.map(({ attempt, state }) => ({ attempt, state }))).toEqual(
      Array(2).fill({ attempt: 1, state: 'Succeeded' }),
    )
    // The length of the outage is what is tested.
    await after(Math.max(0, OUTAGE_MS - (performance.now() - awayMs)))
    expect((await readSpooled(LONG)).length).toBeGreaterThan(before)
    expect(await findLongPod()).toBe(pod)
    expect(await jobs()).toEqual([`${LONG}-a1`, `${SHORT}-a1`, `${SHORT}-e0-a1`])
  })

  test('is followed by one reader, which ships what ended pods had left', async () => {
    await fixture.nats.start()
    const backMs = performance.now()
    await eventually('BusDegraded', async () => (await busDegraded(LONG)) === 'False' || undefined)
    printMeasurement(`BusDegraded is False ${seconds(backMs)} s after NATS is back`)
    await eventually('the reader', async () =>
      (await readRun(SHORT)).status?.unshippedReports === undefined ? true : undefined,
    )
    printMeasurement(`all that ended pods left has arrived ${seconds(backMs)} s after NATS is back`)
    const writes = await openAuditLog(testbed.auditLog, fixture.namespace).read()
    const readers = writes.filter(
      ({ resource, verb, name }) =>
        resource === 'jobs' && verb === 'create' && name.includes('-reader-'),
    )
    expect(readers.map(({ name, status }) => [name, status])).toEqual([[`${SHORT}-reader-1`, 201]])
    expect((await readRun(SHORT)).status).toMatchObject({
      tasks: [{ attempt: 1 }, { attempt: 1 }],
    })
  })

  test.each([SHORT, LONG])(
    'and every report of the %s run is in the stream exactly once',
    async (name) => {
      if (name === LONG) {
        expect(await findLongPod()).toBe(pod)
        const patch = JSON.stringify({ spec: { suspend: true } })
        const args = [
          'patch',
          'necorun',
          LONG,
          '-n',
          fixture.namespace,
          '--type=merge',
          '-p',
          patch,
        ]
        await testbed.kubectl.ok(args)
        await eventually('the pod has ended', async () =>
          (await jobs()).includes(`${LONG}-a1`) ? undefined : true,
        )
      }
      const written = reportIds(await readSpooled(name))
      const { reports, messages } = await eventually(`${written.length} reports`, async () => {
        const found = await readStreamed(name)
        return found.reports.length >= written.length ? found : undefined
      })
      expect(reportIds(reports)).toEqual(written)
      expect(messages).toBe(written.length)
      printMeasurement(`${name}: ${written.length} reports, each once`)
    },
  )
})
