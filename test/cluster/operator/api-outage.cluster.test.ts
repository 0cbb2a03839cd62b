import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NeCoRun } from '../../../crds/necorun.ts'
import { isEnded } from '../../../operator/core/conditions.ts'
import { readSpooledReports, readStreamedReports, reportIds } from '../bus/run-reports.ts'
import { buildMicroRun } from '../runs/micro-run.ts'
import { openStudyFixture, type StudyFixture } from '../sweeps/study-fixture.ts'
import { printMeasurement } from '../testbed/print-measurement.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import type { Testbed } from '../testbed/testbed.ts'
import { connectTestbed, type SharedTestbed, toTestbedInfo } from '../testbed/testbed-info.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import { type AuditEntry, type AuditLogReader, openAuditLog } from './audit-log.ts'
import { createStudyOperators, type StudyOperator, type StudyOperators } from './study-operators.ts'

const OUTAGE_MS = 60_000
/** Ends during the outage, or soon after. */
const SHORT = 'short'
/** Would train for days. */
const LONG = 'long'
const LOST = 'lease lost; nothing is written any more'

let ownTestbed: Testbed
let testbed: SharedTestbed
let fixture: StudyFixture
let operators: StudyOperators
let auditLog: AuditLogReader
let leader: StudyOperator
let standby: StudyOperator
beforeAll(async () => {
  ownTestbed = await sharedTestbed().startOwnTestbed()
  testbed = connectTestbed(toTestbedInfo(ownTestbed))
  fixture = await openStudyFixture(testbed, { name: 'api-outage', deployment: false })
  operators = createStudyOperators(testbed, fixture)
  auditLog = openAuditLog(testbed.auditLog, fixture.namespace)
  leader = await operators.start('first')
  await leader.waitForLine('controllers started')
  standby = await operators.start('second')
  await standby.waitForLine('lease has a holder')
})
afterAll(async () => {
  await operators?.close()
  await fixture?.close()
  await ownTestbed?.close()
})

const eventually = <T>(what: string, look: () => Promise<T | undefined>): Promise<T> =>
  waitUntil({ what, withinMs: 240_000, look })

async function readRun(name: string): Promise<NeCoRun> {
  const args = ['get', 'necorun', name, '-n', fixture.namespace, '-o', 'json']
  return JSON.parse(await testbed.kubectl.ok(args)) as NeCoRun
}

const readUid = async (name: string): Promise<string> => (await readRun(name)).metadata.uid ?? ''

const readSpooled = (runUid: string) => readSpooledReports(fixture.storage, runUid)

const readStreamed = (runUid: string) =>
  readStreamedReports(fixture.nats, { namespace: fixture.namespace, runUid })

const findLongPod = (): Promise<string> => {
  const args = ['get', 'pods', '-n', fixture.namespace, '-l', `job-name=${LONG}-a1`, '-o']
  return testbed.kubectl.ok([...args, 'jsonpath={.items[*].metadata.uid} {.items[*].status.phase}'])
}

/** Starts a run and resolves with its UID when its pod has reported. */
async function startRun(name: string, steps: number): Promise<string> {
  await fixture.apply(await buildMicroRun(name, steps))
  const uid = await readUid(name)
  await eventually(`reports of ${name}`, async () =>
    (await readStreamed(uid)).reports.length > 3 ? true : undefined,
  )
  return uid
}

/** Polls the liveness endpoint as a kubelet does until the signal aborts. */
async function probe(operator: StudyOperator, signal: AbortSignal): Promise<readonly number[]> {
  const answers: number[] = []
  while (!signal.aborted) {
    answers.push((await operator.get('health', '/healthz')).status)
    await after(500)
  }
  return answers
}

/**
 * Requests that the API server served for an operator after it had logged the loss of its Lease.
 */
async function writesAfterLoss(operator: StudyOperator): Promise<readonly AuditEntry[]> {
  const lost = await operator.waitForLine(LOST)
  const lostMs = new Date(String(lost['time'])).getTime()
  expect(lostMs).toBeGreaterThan(0)
  return (await auditLog.read()).filter(
    ({ credential, receivedMs }) => credential === operator.credential && receivedMs > lostMs,
  )
}

/**
 * Whether a write has the resourceVersion that it is based on, so that it overwrites nothing newer.
 */
const isGuarded = ({ body }: AuditEntry): boolean =>
  typeof (body as Partial<NeCoRun> | undefined)?.metadata?.resourceVersion === 'string'

/** Jobs by the number of their creations, and the deleted ones. */
async function jobWrites() {
  const all = (await auditLog.read()).filter(({ resource }) => resource === 'jobs')
  const made: Record<string, number> = {}
  for (const { verb, status, subresource, name } of all) {
    if (verb !== 'create' || status !== 201 || subresource !== undefined) continue
    made[name] = (made[name] ?? 0) + 1
  }
  return { made, deleted: all.filter(({ verb }) => verb === 'delete').map(({ name }) => name) }
}

describe('an outage of the API server during training', () => {
  let pod = ''
  let longUid = ''
  let shortUid = ''

  test('stops no training, ends no pod, and fails no liveness probe', async () => {
    longUid = await startRun(LONG, 1_000_000)
    shortUid = await startRun(SHORT, 60)
    pod = await findLongPod()
    expect(isEnded((await readRun(SHORT)).status?.conditions)).toBe(false)
    const before = (await readSpooled(longUid)).length
    const outage = new AbortController()
    await ownTestbed.controlPlane.stopApiServer('Killed')
    const probes = probe(standby, outage.signal)
    // The length of the outage is what is tested.
    await after(OUTAGE_MS)
    outage.abort()
    expect(new Set(await probes)).toEqual(new Set([200]))
    const during = (await readSpooled(longUid)).length - before
    expect(during).toBeGreaterThan(0)
    expect(await leader.process.ended).toMatchObject({ exitCode: 1 })
    printMeasurement(
      `${during} reports were written in ${OUTAGE_MS / 1000} s without an API server`,
    )
  })

  test('ends without a second Job of any attempt, and operators recover at once', async () => {
    await ownTestbed.controlPlane.startApiServer()
    const backMs = performance.now()
    await standby.waitForLine('controllers started')
    printMeasurement(
      `an operator leads ${Math.round(performance.now() - backMs)} ms after it is back`,
    )
    await fixture.until('necorun', SHORT, 'Complete')
    expect(await findLongPod()).toBe(pod)
    expect(await jobWrites()).toEqual({
      made: { [`${LONG}-a1`]: 1, [`${SHORT}-a1`]: 1, [`${SHORT}-e0-a1`]: 1 },
      deleted: [],
    })
    const { status } = await readRun(SHORT)
    expect(status?.tasks?.map(({ attempt, retries }) => ({ attempt, retries }))).toEqual(
      Array(2).fill({ attempt: 1, retries: undefined }),
    )
    expect(await writesAfterLoss(leader)).toEqual([])
  })

  test('beyond the renew deadline ends the leader, and the next one takes over', async () => {
    leader = standby
    standby = await operators.start('third')
    await standby.waitForLine('lease has a holder')
    await ownTestbed.controlPlane.stopApiServer('Frozen')
    try {
      expect(await leader.process.ended).toMatchObject({ exitCode: 1 })
      expect((await standby.get('health', '/healthz')).status).toBe(200)
    } finally {
      await ownTestbed.controlPlane.startApiServer()
    }
    await standby.waitForLine('controllers started')
    expect(await findLongPod()).toBe(pod)
    const patch = JSON.stringify({ spec: { suspend: true } })
    const where = ['-n', fixture.namespace, '--type=merge']
    await testbed.kubectl.ok(['patch', 'necorun', LONG, ...where, '-p', patch])
    await eventually('the pod of the long run has ended', async () =>
      (await findLongPod()).trim() === '' ? true : undefined,
    )
    // A frozen server may still serve earlier requests when it thaws.
    const late = await writesAfterLoss(leader)
    expect(late.filter((entry) => !isGuarded(entry))).toEqual([])
    expect(late.length).toBeLessThanOrEqual(1)
    expect((await jobWrites()).deleted).toEqual([`${LONG}-a1`])
  })

  test('leaves every report in the stream exactly once', async () => {
    for (const uid of [longUid, shortUid]) {
      const written = reportIds(await readSpooled(uid))
      const { reports, messages } = await eventually(`${written.length} reports`, async () => {
        const found = await readStreamed(uid)
        return found.reports.length >= written.length ? found : undefined
      })
      expect(reportIds(reports)).toEqual(written)
      expect(messages).toBe(written.length)
    }
  })
})
