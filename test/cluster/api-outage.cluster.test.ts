import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NeCoRun } from '../../crds/necorun.ts'
import { isEnded } from '../../operator/core/conditions.ts'
import { type AuditEntry, type AuditTrail, auditTrail } from './audit-trail.ts'
import type { Bed } from './bed/bed.ts'
import { bedOf, factsOf, type SharedBed } from './bed/bed-of-facts.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { waitUntil } from './bed/wait-until.ts'
import { printFigure } from './figure.ts'
import { microRun } from './micro-run.ts'
import { reportIds, spooledOf, streamedOf } from './run-reports.ts'
import { openStudyGround, type StudyGround } from './study-ground.ts'
import { type StudyOperator, type StudyOperators, studyOperators } from './study-operators.ts'

const OUTAGE_MS = 60_000
/** Ends while the API server is away, or soon after. */
const SHORT = 'short'
/** Would train for days. */
const LONG = 'long'
const LOST = 'lease lost; nothing is written any more'

let own: Bed
let bed: SharedBed
let ground: StudyGround
let operators: StudyOperators
let trail: AuditTrail
let leader: StudyOperator
let standby: StudyOperator
beforeAll(async () => {
  own = await sharedBed().ownBed()
  bed = bedOf(factsOf(own))
  ground = await openStudyGround(bed, { name: 'api-outage', deployment: false })
  operators = studyOperators(bed, ground)
  trail = auditTrail(bed.auditLog, ground.namespace)
  leader = await operators.start('first')
  await leader.said('controllers started')
  standby = await operators.start('second')
  await standby.said('lease has a holder')
})
afterAll(async () => {
  await operators?.close()
  await ground?.close()
  await own?.close()
})

const eventually = <T>(what: string, look: () => Promise<T | undefined>): Promise<T> =>
  waitUntil({ what, withinMs: 240_000, look })

async function runNamed(name: string): Promise<NeCoRun> {
  const words = ['get', 'necorun', name, '-n', ground.namespace, '-o', 'json']
  return JSON.parse(await bed.kubectl.ok(words)) as NeCoRun
}

const uidOf = async (name: string): Promise<string> => (await runNamed(name)).metadata.uid ?? ''

const spooled = (runUid: string) => spooledOf(ground.storage, runUid)

const streamed = (runUid: string) =>
  streamedOf(ground.nats, { namespace: ground.namespace, runUid })

const podOfLong = (): Promise<string> => {
  const words = ['get', 'pods', '-n', ground.namespace, '-l', `job-name=${LONG}-a1`, '-o']
  return bed.kubectl.ok([...words, 'jsonpath={.items[*].metadata.uid} {.items[*].status.phase}'])
}

/** Starts a run and resolves with its UID when its pod has reported. */
async function startRun(name: string, steps: number): Promise<string> {
  await ground.apply(await microRun(name, steps))
  const uid = await uidOf(name)
  await eventually(`reports of ${name}`, async () =>
    (await streamed(uid)).reports.length > 3 ? true : undefined,
  )
  return uid
}

/** What a probe of a kubelet would get, again and again until the signal aborts. */
async function probe(operator: StudyOperator, signal: AbortSignal): Promise<readonly number[]> {
  const answers: number[] = []
  while (!signal.aborted) {
    answers.push((await operator.get('health', '/healthz')).status)
    await after(500)
  }
  return answers
}

/** What the API server did for an operator after that had said that its Lease was lost. */
async function writesAfterLoss(operator: StudyOperator): Promise<readonly AuditEntry[]> {
  const lost = await operator.said(LOST)
  const lostMs = new Date(String(lost['time'])).getTime()
  expect(lostMs).toBeGreaterThan(0)
  return (await trail.read()).filter(
    ({ credential, receivedMs }) => credential === operator.credential && receivedMs > lostMs,
  )
}

/** Whether a write names the version of the object that it was made from, so that it undoes nothing newer. */
const isGuarded = ({ body }: AuditEntry): boolean =>
  typeof (body as Partial<NeCoRun> | undefined)?.metadata?.resourceVersion === 'string'

/** The Jobs that were made, each with how often, and those that were deleted. */
async function jobWrites() {
  const all = (await trail.read()).filter(({ resource }) => resource === 'jobs')
  const made: Record<string, number> = {}
  for (const { verb, status, subresource, name } of all) {
    if (verb !== 'create' || status !== 201 || subresource !== undefined) continue
    made[name] = (made[name] ?? 0) + 1
  }
  return { made, deleted: all.filter(({ verb }) => verb === 'delete').map(({ name }) => name) }
}

describe('the API server away in the middle of training', () => {
  let pod = ''
  let longUid = ''
  let shortUid = ''

  test('stops no training, ends no pod, and fails no liveness probe', async () => {
    longUid = await startRun(LONG, 1_000_000)
    shortUid = await startRun(SHORT, 60)
    pod = await podOfLong()
    expect(isEnded((await runNamed(SHORT)).status?.conditions)).toBe(false)
    const before = (await spooled(longUid)).length
    const outage = new AbortController()
    await own.controlPlane.stopApiServer('Killed')
    const probes = probe(standby, outage.signal)
    // The length of the outage is what is tested.
    await after(OUTAGE_MS)
    outage.abort()
    expect(new Set(await probes)).toEqual(new Set([200]))
    const during = (await spooled(longUid)).length - before
    expect(during).toBeGreaterThan(0)
    expect(await leader.process.ended).toMatchObject({ exitCode: 1 })
    printFigure(`${during} reports were written in ${OUTAGE_MS / 1000} s without an API server`)
  })

  test('is over for an operator as soon as it is back, without a Job twice', async () => {
    await own.controlPlane.startApiServer()
    const backMs = performance.now()
    await standby.said('controllers started')
    printFigure(`an operator leads ${Math.round(performance.now() - backMs)} ms after it is back`)
    await ground.until('necorun', SHORT, 'Complete')
    expect(await podOfLong()).toBe(pod)
    expect(await jobWrites()).toEqual({
      made: { [`${LONG}-a1`]: 1, [`${SHORT}-a1`]: 1, [`${SHORT}-e0-a1`]: 1 },
      deleted: [],
    })
    const { status } = await runNamed(SHORT)
    expect(status?.tasks?.map(({ attempt, retries }) => ({ attempt, retries }))).toEqual(
      Array(2).fill({ attempt: 1, retries: undefined }),
    )
    expect(await writesAfterLoss(leader)).toEqual([])
  })

  test('and frozen beyond the renew deadline ends the leader; the next one goes on', async () => {
    leader = standby
    standby = await operators.start('third')
    await standby.said('lease has a holder')
    await own.controlPlane.stopApiServer('Frozen')
    try {
      expect(await leader.process.ended).toMatchObject({ exitCode: 1 })
      expect((await standby.get('health', '/healthz')).status).toBe(200)
    } finally {
      await own.controlPlane.startApiServer()
    }
    await standby.said('controllers started')
    expect(await podOfLong()).toBe(pod)
    const patch = JSON.stringify({ spec: { suspend: true } })
    const where = ['-n', ground.namespace, '--type=merge']
    await bed.kubectl.ok(['patch', 'necorun', LONG, ...where, '-p', patch])
    await eventually('the pod of the long run has ended', async () =>
      (await podOfLong()).trim() === '' ? true : undefined,
    )
    // What was sent before it froze a server may still do when it thaws, and nobody can call it back.
    const late = await writesAfterLoss(leader)
    expect(late.filter((entry) => !isGuarded(entry))).toEqual([])
    expect(late.length).toBeLessThanOrEqual(1)
    expect((await jobWrites()).deleted).toEqual([`${LONG}-a1`])
  })

  test('and every report is in the stream exactly once', async () => {
    for (const uid of [longUid, shortUid]) {
      const written = reportIds(await spooled(uid))
      const { reports, messages } = await eventually(`${written.length} reports`, async () => {
        const found = await streamed(uid)
        return found.reports.length >= written.length ? found : undefined
      })
      expect(reportIds(reports)).toEqual(written)
      expect(messages).toBe(written.length)
    }
  })
})
