import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { counterHash } from '../../../search/counter-hash.ts'
import { instantSweep, type SweepRunRow, toSweepRunTable } from '../sweeps/instant-sweep.ts'
import { printMeasurement } from '../testbed/print-measurement.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { failIfEnded } from '../testbed/testbed-process.ts'
import { type OperatorsFixture, openOperatorsFixture } from './operators-fixture.ts'

const testbed = sharedTestbed()
/** Nobody waits for it to lapse, and a loaded machine must not cost a leader its Lease. */
const LEASE = { durationSeconds: 15, renewSeconds: 10, retrySeconds: 1 }
const POINTS = 12
const REPLICATES = 2
const KILLS = 20
const SEED = 7
const MOST_WRITES = 14

let undisturbed: readonly SweepRunRow[]
let fixture: OperatorsFixture
beforeAll(async () => {
  fixture = await openOperatorsFixture(testbed, { name: 'kill', lease: LEASE })
})
afterAll(() => fixture?.close())

const buildKillSweep = (name: string) =>
  instantSweep({ name, points: POINTS, replicates: REPLICATES, parallelism: 4 })

const readSweepTable = async (name: string): Promise<readonly SweepRunRow[]> =>
  toSweepRunTable(
    (await fixture.runs()).filter(({ metadata }) => metadata.name.startsWith(`${name}-`)),
  )

describe('an operator that is killed again and again', () => {
  test('does, while it is left alone, what the script of the pods says', async () => {
    const operator = await fixture.operators.start('calm')
    await fixture.apply(buildKillSweep('calm'))
    await failIfEnded(operator.process, fixture.until('necosweep', 'calm', 'Complete'))
    undisturbed = await readSweepTable('calm')
    await operator.end()
    expect(undisturbed).toHaveLength(POINTS * REPLICATES)
    const verdicts = undisturbed.map(({ verdict }) => verdict)
    expect(verdicts.filter((verdict) => verdict === 'Succeeded')).toHaveLength(20)
    expect(verdicts.filter((verdict) => verdict === 'Infeasible')).toHaveLength(2)
    expect(verdicts.filter((verdict) => verdict === 'UserError')).toHaveLength(2)
    printMeasurement(
      `undisturbed: ${(await fixture.auditLog.listWrites(operator)).length} writes of the operator`,
    )
  })

  test(`ends with the same table after ${KILLS} kills, and makes nothing twice`, async () => {
    await fixture.apply(buildKillSweep('killed'))
    for (let index = 0; index < KILLS; index++) {
      const operator = await fixture.operators.start(`killed-${index}`)
      await fixture.auditLog.waitForWrites(operator, 1 + (counterHash(SEED, index) % MOST_WRITES))
      await fixture.operators.lose(operator)
    }
    const { status } = await fixture.sweep('killed')
    expect(status?.pending).toBeGreaterThan(0)
    const last = await fixture.operators.start('killed-last')
    await failIfEnded(last.process, fixture.until('necosweep', 'killed', 'Complete'))
    expect(await readSweepTable('killed')).toEqual(undisturbed)
    expect(await fixture.auditLog.findCreatedTwice('killed')).toEqual([])
    expect(await fixture.listJobs('killed')).toEqual(await fixture.listJobs('calm'))
  })
})
