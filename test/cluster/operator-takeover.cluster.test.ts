import { afterAll, beforeAll, expect, test } from 'vitest'
import { sharedBed } from './bed/shared-bed.ts'
import { printFigure } from './figure.ts'
import { instantExecutor } from './instant-pods.ts'
import { instantSweep } from './instant-sweep.ts'
import { operatorTrail } from './operator-trail.ts'
import { openStudyGround, type StudyGround } from './study-ground.ts'
import { kill, type StudyOperators, studyOperators } from './study-operators.ts'

const bed = sharedBed()
const NAME = 'takeover'
/** Those of the chart. */
const LEASE = { durationSeconds: 15, renewSeconds: 10, retrySeconds: 2 }
const WRITES = 40

let ground: StudyGround
let operators: StudyOperators
beforeAll(async () => {
  ground = await openStudyGround(bed, {
    name: NAME,
    executor: instantExecutor(),
    deployment: false,
    values: { lease: LEASE },
  })
  operators = studyOperators(bed, ground)
})
afterAll(async () => {
  await operators?.close()
  await ground?.close()
})

test('the second replica goes on where a killed leader left off', async () => {
  const trail = operatorTrail(bed.auditLog, ground.namespace)
  const leader = await operators.start('leader')
  await leader.said('controllers started')
  const standby = await operators.start('standby')
  await ground.apply(instantSweep({ name: NAME, points: 10, replicates: 2, parallelism: 4 }))
  await trail.onceWritten(leader, WRITES)
  expect(await trail.writesOf(standby)).toEqual([])
  await kill(leader)
  const killedMs = Date.now()
  await trail.onceWritten(standby, 1)
  const [first] = await trail.writesOf(standby)
  const seconds = ((first?.answeredMs ?? Number.NaN) - killedMs) / 1000
  printFigure(`the standby wrote ${seconds.toFixed(1)} s after the leader was killed (15/10/2)`)
  await ground.until('necosweep', NAME, 'Complete')
  expect(await trail.writesAfterFirstOf(standby, leader)).toEqual([])
  expect(new Set(Object.values(await trail.madeOf(NAME, 'jobs')))).toEqual(new Set([1]))
  expect(Object.keys(await trail.madeOf(NAME, 'necoruns'))).toHaveLength(20)
  expect((await ground.sweep(NAME)).status).toMatchObject({ succeeded: 16, failed: 4 })
})
