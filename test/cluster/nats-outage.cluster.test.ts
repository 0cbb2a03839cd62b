import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NeCoRun } from '../../crds/necorun.ts'
import { findCondition, isEnded } from '../../operator/core/conditions.ts'
import { auditTrail } from './audit-trail.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { waitUntil } from './bed/wait-until.ts'
import { printFigure } from './figure.ts'
import { microRun } from './micro-run.ts'
import { reportIds, spooledOf, streamedOf } from './run-reports.ts'
import { openStudyGround, type StudyGround } from './study-ground.ts'

const bed = sharedBed()
const OUTAGE_MS = 60_000
/** Ends while NATS is away. */
const SHORT = 'short'
/** Would train for days. */
const LONG = 'long'

let ground: StudyGround
beforeAll(async () => {
  ground = await openStudyGround(bed, { name: 'nats-outage' })
})
afterAll(() => ground?.close())

async function runNamed(name: string): Promise<NeCoRun> {
  const words = ['get', 'necorun', name, '-n', ground.namespace, '-o', 'json']
  return JSON.parse(await bed.kubectl.ok(words)) as NeCoRun
}

const eventually = <T>(what: string, look: () => Promise<T | undefined>): Promise<T> =>
  waitUntil({ what, withinMs: 240_000, look })

const busDegraded = async (name: string): Promise<string | undefined> =>
  findCondition((await runNamed(name)).status?.conditions, 'BusDegraded')?.status

const spooled = async (name: string) =>
  spooledOf(ground.storage, (await runNamed(name)).metadata.uid ?? '')

const streamed = async (name: string) => {
  const runUid = (await runNamed(name)).metadata.uid ?? ''
  return streamedOf(ground.nats, { namespace: ground.namespace, runUid })
}

const jobs = async (): Promise<string[]> => {
  const words = ['get', 'jobs', '-n', ground.namespace, '-o', 'jsonpath={.items[*].metadata.name}']
  return (await bed.kubectl.ok(words)).split(' ').sort()
}

const podOfLong = (): Promise<string> => {
  const words = ['get', 'pods', '-n', ground.namespace, '-l', `job-name=${LONG}-a1`]
  return bed.kubectl.ok([
    ...words,
    '-o',
    'jsonpath={.items[*].metadata.uid} {.items[*].status.phase}',
  ])
}

const seconds = (sinceMs: number): string => ((performance.now() - sinceMs) / 1000).toFixed(1)

describe('NATS away for a minute in the middle of training', () => {
  let pod = ''
  let awayMs = 0

  test('is a condition of what goes on, and stops nothing', async () => {
    await ground.apply(await microRun(LONG, 1_000_000))
    await eventually('the first reports of the long run', async () =>
      (await streamed(LONG)).reports.length > 5 ? true : undefined,
    )
    await ground.apply(await microRun(SHORT, 100))
    await eventually('reports of the short run', async () =>
      (await streamed(SHORT)).reports.length > 5 ? true : undefined,
    )
    pod = await podOfLong()
    await ground.nats.stop('Killed')
    awayMs = performance.now()
    expect(isEnded((await runNamed(SHORT)).status?.conditions)).toBe(false)
    const before = (await spooled(LONG)).length
    await eventually('BusDegraded', async () => (await busDegraded(LONG)) === 'True' || undefined)
    printFigure(`BusDegraded is True ${seconds(awayMs)} s after NATS was killed (at most 30 s)`)
    await ground.until('necorun', SHORT, 'Complete')
    printFigure(`the short run is Complete ${seconds(awayMs)} s after NATS was killed`)
    const { status } = await runNamed(SHORT)
    expect(status?.unshippedReports).toEqual({ readers: 0 })
    expect(status?.tasks?.map(({ attempt, state }) => ({ attempt, state }))).toEqual(
      Array(2).fill({ attempt: 1, state: 'Succeeded' }),
    )
    // The length of the outage is what is tested.
    await after(Math.max(0, OUTAGE_MS - (performance.now() - awayMs)))
    expect((await spooled(LONG)).length).toBeGreaterThan(before)
    expect(await podOfLong()).toBe(pod)
    expect(await jobs()).toEqual([`${LONG}-a1`, `${SHORT}-a1`, `${SHORT}-e0-a1`])
  })

  test('and afterwards one reader ships what the pods left that had ended', async () => {
    await ground.nats.start()
    const backMs = performance.now()
    await eventually('BusDegraded', async () => (await busDegraded(LONG)) === 'False' || undefined)
    printFigure(`BusDegraded is False ${seconds(backMs)} s after NATS is back`)
    await eventually('the reader', async () =>
      (await runNamed(SHORT)).status?.unshippedReports === undefined ? true : undefined,
    )
    printFigure(`all that ended pods left has arrived ${seconds(backMs)} s after NATS is back`)
    const writes = await auditTrail(bed.auditLog, ground.namespace).read()
    const readers = writes.filter(
      ({ resource, verb, name }) =>
        resource === 'jobs' && verb === 'create' && name.includes('-reader-'),
    )
    expect(readers.map(({ name, status }) => [name, status])).toEqual([[`${SHORT}-reader-1`, 201]])
    expect((await runNamed(SHORT)).status).toMatchObject({
      tasks: [{ attempt: 1 }, { attempt: 1 }],
    })
  })

  test.each([SHORT, LONG])(
    'and every report of the %s run is in the stream exactly once',
    async (name) => {
      if (name === LONG) {
        expect(await podOfLong()).toBe(pod)
        const patch = JSON.stringify({ spec: { suspend: true } })
        const words = [
          'patch',
          'necorun',
          LONG,
          '-n',
          ground.namespace,
          '--type=merge',
          '-p',
          patch,
        ]
        await bed.kubectl.ok(words)
        await eventually('the pod has ended', async () =>
          (await jobs()).includes(`${LONG}-a1`) ? undefined : true,
        )
      }
      const written = reportIds(await spooled(name))
      const { reports, messages } = await eventually(`${written.length} reports`, async () => {
        const found = await streamed(name)
        return found.reports.length >= written.length ? found : undefined
      })
      expect(reportIds(reports)).toEqual(written)
      expect(messages).toBe(written.length)
      printFigure(`${name}: ${written.length} reports, each once`)
    },
  )
})
