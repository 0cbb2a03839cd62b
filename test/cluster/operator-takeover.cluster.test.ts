import { afterAll, beforeAll, expect, test } from 'vitest'
import { whileRunning } from './bed/bed-process.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { printFigure } from './figure.ts'
import { instantExecutor } from './instant-pods.ts'
import { instantSweep } from './instant-sweep.ts'
import { type OperatorTrail, operatorTrail } from './operator-trail.ts'
import { openStudyGround, type StudyGround } from './study-ground.ts'
import { kill, type StudyOperator, type StudyOperators, studyOperators } from './study-operators.ts'

const bed = sharedBed()
const NAME = 'takeover'
/** Those of the chart. */
const LEASE = { durationSeconds: 15, renewSeconds: 10, retrySeconds: 2 }
const WRITES = 40

let ground: StudyGround
let operators: StudyOperators
let trail: OperatorTrail
beforeAll(async () => {
  ground = await openStudyGround(bed, {
    name: NAME,
    executor: instantExecutor(),
    deployment: false,
    values: { lease: LEASE },
  })
  operators = studyOperators(bed, ground)
  trail = operatorTrail(bed.auditLog, ground.namespace)
})
afterAll(async () => {
  await operators?.close()
  await ground?.close()
})

const apply = (name: string) =>
  ground.apply(instantSweep({ name, points: 10, replicates: 2, parallelism: 4 }))

/** How long after a moment the next leader had its first write answered. */
async function printTakeover(next: StudyOperator, sinceMs: number, what: string): Promise<void> {
  await trail.onceWritten(next, 1)
  const [first] = await trail.writesOf(next)
  const seconds = ((first?.answeredMs ?? Number.NaN) - sinceMs) / 1000
  printFigure(`the standby wrote ${seconds.toFixed(1)} s after the leader was ${what} (15/10/2)`)
}

async function expectWhole(sweep: string): Promise<void> {
  expect(await trail.madeTwice(sweep)).toEqual([])
  const runs = (await ground.runs()).filter(({ metadata }) => metadata.name.startsWith(`${sweep}-`))
  expect(runs).toHaveLength(20)
  expect((await ground.sweep(sweep)).status).toMatchObject({ succeeded: 16, failed: 4 })
}

let second: StudyOperator
test('the second replica goes on where a killed leader left off', async () => {
  const leader = await operators.start('first')
  await leader.said('controllers started')
  second = await operators.start('second')
  await apply('killed')
  await trail.onceWritten(leader, WRITES)
  expect(await trail.writesOf(second)).toEqual([])
  await kill(leader)
  await printTakeover(second, Date.now(), 'killed')
  await whileRunning(second.process, ground.until('necosweep', 'killed', 'Complete'))
  expect(await trail.writesAfterFirstOf(second, leader)).toEqual([])
  await expectWhole('killed')
})

test('a leader that was frozen writes nothing once another has begun, and ends', async () => {
  const third = await operators.start('third')
  const { length: before } = await trail.writesOf(second)
  await apply('frozen')
  await trail.onceWritten(second, before + WRITES)
  second.process.signal('SIGSTOP')
  await printTakeover(third, Date.now(), 'frozen')
  second.process.signal('SIGCONT')
  expect(await second.process.ended).toMatchObject({ exitCode: 1 })
  await whileRunning(third.process, ground.until('necosweep', 'frozen', 'Complete'))
  expect(await trail.writesAfterFirstOf(third, second)).toEqual([])
  await expectWhole('frozen')
})
