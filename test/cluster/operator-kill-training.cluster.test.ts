import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseManifestText } from '../../cli/manifest/read-manifest.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import { METRICS, type MetricName } from '../../method/metrics.ts'
import { REDUCED } from '../run-example.ts'
import { whileRunning } from './bed/bed-process.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { waitUntil } from './bed/wait-until.ts'
import { type RunRow, tableOf } from './instant-sweep.ts'
import { type OperatorTrail, operatorTrail } from './operator-trail.ts'
import { openStudyGround, type StudyGround } from './study-ground.ts'
import { type StudyOperators, studyOperators } from './study-operators.ts'

const bed = sharedBed()
const file = join(import.meta.dirname, '../../examples/sweep-steepness.yaml')
const WEIGHTS = 'weights'

let ground: StudyGround
let operators: StudyOperators
let trail: OperatorTrail
beforeAll(async () => {
  const values = { lease: { durationSeconds: 15, renewSeconds: 10, retrySeconds: 1 } }
  ground = await openStudyGround(bed, { name: 'kill-training', deployment: false, values })
  operators = studyOperators(bed, ground)
  trail = operatorTrail(bed.auditLog, ground.namespace)
})
afterAll(async () => {
  await operators?.close()
  await ground?.close()
})

async function sweepNamed(name: string): Promise<NeCoSweep> {
  const text = await readFile(file, 'utf8')
  const manifest = parseManifestText({ file, text, overrides: [...REDUCED, 'replicates=1'] })
  if (manifest.kind !== 'NeCoSweep') throw new Error('no sweep')
  const { sweep } = manifest
  return { ...sweep, metadata: { ...sweep.metadata, name } }
}

const withoutTimes = (metrics: RunRow['metrics']): RunRow['metrics'] =>
  Object.fromEntries(
    Object.entries(metrics).filter(([name]) => METRICS[name as MetricName]?.deterministic === true),
  )

async function tableNamed(name: string): Promise<readonly RunRow[]> {
  const runs = (await ground.runs()).filter(({ metadata }) => metadata.name.startsWith(`${name}-`))
  return tableOf(runs).map((row) => ({ ...row, metrics: withoutTimes(row.metrics) }))
}

/** So that the next sweep finds no result of the last. */
async function emptyStorage(): Promise<void> {
  const names = (await readdir(ground.storage)).filter((name) => name !== WEIGHTS)
  for (const name of names) await rm(join(ground.storage, name), { recursive: true })
}

/** Resolves when the Job of an attempt has been made. */
const onceMade = (sweep: string, job: string): Promise<true> =>
  waitUntil({
    what: `Job ${sweep}${job}`,
    withinMs: 300_000,
    look: async () => (await ground.jobsOf(sweep)).includes(job) || undefined,
  })

test('an operator killed while pods train and evaluate ends with the same table', async () => {
  const calmOperator = await operators.start('training-calm')
  await ground.apply(await sweepNamed('calm'))
  await whileRunning(calmOperator.process, ground.until('necosweep', 'calm', 'Complete'))
  await calmOperator.end()
  const calm = await tableNamed('calm')
  await emptyStorage()

  await ground.apply(await sweepNamed('killed'))
  const first = await operators.start('training-killed-0')
  await onceMade('killed', '-0-r0-a1')
  await operators.lose(first)
  const second = await operators.start('training-killed-1')
  await onceMade('killed', '-0-r0-e0-a1')
  await operators.lose(second)
  const last = await operators.start('training-killed-2')
  await whileRunning(last.process, ground.until('necosweep', 'killed', 'Complete'))

  expect(calm.map(({ verdict }) => verdict)).toEqual(['Succeeded', 'Succeeded', 'Succeeded'])
  expect(await tableNamed('killed')).toEqual(calm)
  expect(await trail.madeTwice('killed')).toEqual([])
  expect(await ground.jobsOf('killed')).toEqual(await ground.jobsOf('calm'))
})
