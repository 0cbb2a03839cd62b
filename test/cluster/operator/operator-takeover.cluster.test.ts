import { afterAll, beforeAll, expect, test } from 'vitest'
import { instantSweep } from '../sweeps/instant-sweep.ts'
import { printMeasurement } from '../testbed/print-measurement.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { failIfEnded } from '../testbed/testbed-process.ts'
import { type OperatorsFixture, openOperatorsFixture } from './operators-fixture.ts'
import { killOperator, type StudyOperator } from './study-operators.ts'

const testbed = sharedTestbed()
/** Those of the chart. */
const LEASE = { durationSeconds: 15, renewSeconds: 10, retrySeconds: 2 }
const WRITES = 40

let fixture: OperatorsFixture
beforeAll(async () => {
  fixture = await openOperatorsFixture(testbed, { name: 'takeover', lease: LEASE })
})
afterAll(() => fixture?.close())

const apply = (name: string) =>
  fixture.apply(instantSweep({ name, points: 10, replicates: 2, parallelism: 4 }))

/** Time from a moment to the first answered write of the next leader. */
async function printTakeover(next: StudyOperator, sinceMs: number, what: string): Promise<void> {
  await fixture.auditLog.waitForWrites(next, 1)
  const [first] = await fixture.auditLog.listWrites(next)
  const seconds = ((first?.answeredMs ?? Number.NaN) - sinceMs) / 1000
  printMeasurement(
    `the standby wrote ${seconds.toFixed(1)} s after the leader was ${what} (15/10/2)`,
  )
}

async function expectWhole(sweep: string): Promise<void> {
  expect(await fixture.auditLog.findCreatedTwice(sweep)).toEqual([])
  const runs = (await fixture.runs()).filter(({ metadata }) =>
    metadata.name.startsWith(`${sweep}-`),
  )
  expect(runs).toHaveLength(20)
  expect((await fixture.sweep(sweep)).status).toMatchObject({ succeeded: 16, failed: 4 })
}

let second: StudyOperator
test('the second replica continues where a killed leader stopped', async () => {
  const leader = await fixture.operators.start('first')
  await leader.waitForLine('controllers started')
  second = await fixture.operators.start('second')
  await apply('killed')
  await fixture.auditLog.waitForWrites(leader, WRITES)
  expect(await fixture.auditLog.listWrites(second)).toEqual([])
  await killOperator(leader)
  await printTakeover(second, Date.now(), 'killed')
  await failIfEnded(second.process, fixture.until('necosweep', 'killed', 'Complete'))
  expect(await fixture.auditLog.listWritesAfterFirst(second, leader)).toEqual([])
  await expectWhole('killed')
})

test('a leader that was frozen writes nothing after another has taken over, and exits', async () => {
  const third = await fixture.operators.start('third')
  const { length: before } = await fixture.auditLog.listWrites(second)
  await apply('frozen')
  await fixture.auditLog.waitForWrites(second, before + WRITES)
  second.process.signal('SIGSTOP')
  await printTakeover(third, Date.now(), 'frozen')
  second.process.signal('SIGCONT')
  expect(await second.process.ended).toMatchObject({ exitCode: 1 })
  await failIfEnded(third.process, fixture.until('necosweep', 'frozen', 'Complete'))
  expect(await fixture.auditLog.listWritesAfterFirst(third, second)).toEqual([])
  await expectWhole('frozen')
})
