import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { counterHash } from '../../operator/core/counter-hash.ts'
import { type AuditEntry, type AuditTrail, auditTrail } from './audit-trail.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { waitUntil } from './bed/wait-until.ts'
import { printFigure } from './figure.ts'
import { instantExecutor } from './instant-pods.ts'
import { instantSweep, type RunRow, tableOf } from './instant-sweep.ts'
import { openStudyGround, type StudyGround } from './study-ground.ts'
import { type StudyOperator, type StudyOperators, studyOperators } from './study-operators.ts'

const bed = sharedBed()
const SHORTEST_LEASE = { durationSeconds: 3, renewSeconds: 2, retrySeconds: 1 }
const POINTS = 12
const REPLICATES = 2
const KILLS = 20
const SEED = 7
const MOST_WRITES = 14

let ground: StudyGround
let operators: StudyOperators
let trail: AuditTrail
beforeAll(async () => {
  ground = await openStudyGround(bed, {
    name: 'kill',
    executor: instantExecutor(),
    deployment: false,
    values: { lease: SHORTEST_LEASE },
  })
  operators = studyOperators(bed, ground)
  trail = auditTrail(bed.auditLog, ground.namespace)
})
afterAll(async () => {
  await operators?.close()
  await ground?.close()
})

const sweepNamed = (name: string) =>
  instantSweep({ name, points: POINTS, replicates: REPLICATES, parallelism: 4 })

const tableNamed = async (name: string): Promise<readonly RunRow[]> =>
  tableOf((await ground.runs()).filter(({ metadata }) => metadata.name.startsWith(`${name}-`)))

const writesOf = async ({ credential }: StudyOperator): Promise<readonly AuditEntry[]> =>
  (await trail.read()).filter((entry) => entry.credential === credential)

/** Resolves when the operator has sent so many writes. */
const onceWritten = (operator: StudyOperator, count: number): Promise<true> =>
  waitUntil({
    what: `${count} writes of ${operator.name}`,
    withinMs: 60_000,
    everyMs: 5,
    look: async () => (await writesOf(operator)).length >= count || undefined,
  })

async function kill(operator: StudyOperator): Promise<void> {
  operator.process.signal('SIGKILL')
  await operator.process.ended
}

/** What was made of a kind for a sweep, each with how often, without the name of the sweep. */
async function madeOf(sweep: string, resource: string): Promise<Record<string, number>> {
  const made: Record<string, number> = {}
  for (const entry of await trail.read()) {
    const isMade = entry.verb === 'create' && entry.status === 201 && entry.resource === resource
    if (!isMade || entry.subresource !== undefined) continue
    if (!entry.name.startsWith(`${sweep}-`)) continue
    const name = entry.name.slice(sweep.length)
    made[name] = (made[name] ?? 0) + 1
  }
  return made
}

describe('an operator that is killed again and again', () => {
  let calm: readonly RunRow[]
  test('does, while it is left alone, what the script of the pods says', async () => {
    const operator = await operators.start('calm')
    await ground.apply(sweepNamed('calm'))
    await ground.until('necosweep', 'calm', 'Complete')
    calm = await tableNamed('calm')
    await operator.end()
    expect(calm).toHaveLength(POINTS * REPLICATES)
    const verdicts = calm.map(({ verdict }) => verdict)
    expect(verdicts.filter((verdict) => verdict === 'Succeeded')).toHaveLength(20)
    expect(verdicts.filter((verdict) => verdict === 'Infeasible')).toHaveLength(2)
    expect(verdicts.filter((verdict) => verdict === 'UserError')).toHaveLength(2)
    printFigure(`undisturbed: ${(await writesOf(operator)).length} writes of the operator`)
  })

  test(`ends with the same table after ${KILLS} kills, and makes nothing twice`, async () => {
    await ground.apply(sweepNamed('killed'))
    for (let index = 0; index < KILLS; index++) {
      const operator = await operators.start(`killed-${index}`)
      await onceWritten(operator, 1 + (counterHash(SEED, index) % MOST_WRITES))
      await kill(operator)
    }
    const { status } = await ground.sweep('killed')
    expect(status?.pending).toBeGreaterThan(0)
    await operators.start('killed-last')
    await ground.until('necosweep', 'killed', 'Complete')
    expect(await tableNamed('killed')).toEqual(calm)
    const jobs = await madeOf('killed', 'jobs')
    expect(jobs).toEqual(await madeOf('calm', 'jobs'))
    expect(new Set(Object.values(jobs))).toEqual(new Set([1]))
    const runs = await madeOf('killed', 'necoruns')
    expect(Object.keys(runs)).toHaveLength(POINTS * REPLICATES)
    expect(new Set(Object.values(runs))).toEqual(new Set([1]))
  })
})
