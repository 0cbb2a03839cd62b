import { afterAll, beforeAll, expect, test } from 'vitest'
import { whileRunning } from './bed/bed-process.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { printFigure } from './figure.ts'
import { instantSweep } from './instant-sweep.ts'
import { type OperatorsGround, openOperatorsGround } from './operators-ground.ts'
import { kill, type StudyOperator } from './study-operators.ts'

const bed = sharedBed()
/** Those of the chart. */
const LEASE = { durationSeconds: 15, renewSeconds: 10, retrySeconds: 2 }
const WRITES = 40

let ground: OperatorsGround
beforeAll(async () => {
  ground = await openOperatorsGround(bed, { name: 'takeover', lease: LEASE })
})
afterAll(() => ground?.close())

const apply = (name: string) =>
  ground.apply(instantSweep({ name, points: 10, replicates: 2, parallelism: 4 }))

/** How long after a moment the next leader had its first write answered. */
async function printTakeover(next: StudyOperator, sinceMs: number, what: string): Promise<void> {
  await ground.trail.onceWritten(next, 1)
  const [first] = await ground.trail.writesOf(next)
  const seconds = ((first?.answeredMs ?? Number.NaN) - sinceMs) / 1000
  printFigure(`the standby wrote ${seconds.toFixed(1)} s after the leader was ${what} (15/10/2)`)
}

async function expectWhole(sweep: string): Promise<void> {
  expect(await ground.trail.madeTwice(sweep)).toEqual([])
  const runs = (await ground.runs()).filter(({ metadata }) => metadata.name.startsWith(`${sweep}-`))
  expect(runs).toHaveLength(20)
  expect((await ground.sweep(sweep)).status).toMatchObject({ succeeded: 16, failed: 4 })
}

let second: StudyOperator
test('the second replica goes on where a killed leader left off', async () => {
  const leader = await ground.operators.start('first')
  await leader.said('controllers started')
  second = await ground.operators.start('second')
  await apply('killed')
  await ground.trail.onceWritten(leader, WRITES)
  expect(await ground.trail.writesOf(second)).toEqual([])
  await kill(leader)
  await printTakeover(second, Date.now(), 'killed')
  await whileRunning(second.process, ground.until('necosweep', 'killed', 'Complete'))
  expect(await ground.trail.writesAfterFirstOf(second, leader)).toEqual([])
  await expectWhole('killed')
})

test('a leader that was frozen writes nothing once another has begun, and ends', async () => {
  const third = await ground.operators.start('third')
  const { length: before } = await ground.trail.writesOf(second)
  await apply('frozen')
  await ground.trail.onceWritten(second, before + WRITES)
  second.process.signal('SIGSTOP')
  await printTakeover(third, Date.now(), 'frozen')
  second.process.signal('SIGCONT')
  expect(await second.process.ended).toMatchObject({ exitCode: 1 })
  await whileRunning(third.process, ground.until('necosweep', 'frozen', 'Complete'))
  expect(await ground.trail.writesAfterFirstOf(third, second)).toEqual([])
  await expectWhole('frozen')
})
