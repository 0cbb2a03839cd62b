import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { counterHash } from '../../operator/core/search/counter-hash.ts'
import { whileRunning } from './bed/bed-process.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { printFigure } from './figure.ts'
import { instantSweep, type RunRow, tableOf } from './instant-sweep.ts'
import { type OperatorsGround, openOperatorsGround } from './operators-ground.ts'

const bed = sharedBed()
/** Nobody waits for it to lapse, and a loaded machine must not cost a leader its Lease. */
const LEASE = { durationSeconds: 15, renewSeconds: 10, retrySeconds: 1 }
const POINTS = 12
const REPLICATES = 2
const KILLS = 20
const SEED = 7
const MOST_WRITES = 14

let calm: readonly RunRow[]
let ground: OperatorsGround
beforeAll(async () => {
  ground = await openOperatorsGround(bed, { name: 'kill', lease: LEASE })
})
afterAll(() => ground?.close())

const sweepNamed = (name: string) =>
  instantSweep({ name, points: POINTS, replicates: REPLICATES, parallelism: 4 })

const tableNamed = async (name: string): Promise<readonly RunRow[]> =>
  tableOf((await ground.runs()).filter(({ metadata }) => metadata.name.startsWith(`${name}-`)))

describe('an operator that is killed again and again', () => {
  test('does, while it is left alone, what the script of the pods says', async () => {
    const operator = await ground.operators.start('calm')
    await ground.apply(sweepNamed('calm'))
    await whileRunning(operator.process, ground.until('necosweep', 'calm', 'Complete'))
    calm = await tableNamed('calm')
    await operator.end()
    expect(calm).toHaveLength(POINTS * REPLICATES)
    const verdicts = calm.map(({ verdict }) => verdict)
    expect(verdicts.filter((verdict) => verdict === 'Succeeded')).toHaveLength(20)
    expect(verdicts.filter((verdict) => verdict === 'Infeasible')).toHaveLength(2)
    expect(verdicts.filter((verdict) => verdict === 'UserError')).toHaveLength(2)
    printFigure(
      `undisturbed: ${(await ground.trail.writesOf(operator)).length} writes of the operator`,
    )
  })

  test(`ends with the same table after ${KILLS} kills, and makes nothing twice`, async () => {
    await ground.apply(sweepNamed('killed'))
    for (let index = 0; index < KILLS; index++) {
      const operator = await ground.operators.start(`killed-${index}`)
      await ground.trail.onceWritten(operator, 1 + (counterHash(SEED, index) % MOST_WRITES))
      await ground.operators.lose(operator)
    }
    const { status } = await ground.sweep('killed')
    expect(status?.pending).toBeGreaterThan(0)
    const last = await ground.operators.start('killed-last')
    await whileRunning(last.process, ground.until('necosweep', 'killed', 'Complete'))
    expect(await tableNamed('killed')).toEqual(calm)
    expect(await ground.trail.madeTwice('killed')).toEqual([])
    expect(await ground.jobsOf('killed')).toEqual(await ground.jobsOf('calm'))
  })
})
