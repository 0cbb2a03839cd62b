import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseManifestText } from '../../../cli/manifest/read-manifest.ts'
import type { NeCoSweep } from '../../../crds/necosweep.ts'
import { METRICS, type MetricName } from '../../../method/metrics.ts'
import { REDUCED_SETTINGS } from '../../programs/run-example.ts'
import { type SweepRunRow, toSweepRunTable } from '../sweeps/instant-sweep.ts'
import { openStudyFixture, type StudyFixture } from '../sweeps/study-fixture.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { failIfEnded } from '../testbed/testbed-process.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import { type OperatorAuditLog, openOperatorAuditLog } from './operator-audit-log.ts'
import { createStudyOperators, type StudyOperators } from './study-operators.ts'

const testbed = sharedTestbed()
const file = join(import.meta.dirname, '../../../examples/sweep-steepness.yaml')
const WEIGHTS = 'weights'

let fixture: StudyFixture
let operators: StudyOperators
let auditLog: OperatorAuditLog
beforeAll(async () => {
  const values = { lease: { durationSeconds: 15, renewSeconds: 10, retrySeconds: 1 } }
  fixture = await openStudyFixture(testbed, { name: 'kill-training', deployment: false, values })
  operators = createStudyOperators(testbed, fixture)
  auditLog = openOperatorAuditLog(testbed.auditLog, fixture.namespace)
})
afterAll(async () => {
  await operators?.close()
  await fixture?.close()
})

async function readSweep(name: string): Promise<NeCoSweep> {
  const text = await readFile(file, 'utf8')
  const manifest = parseManifestText({
    file,
    text,
    overrides: [...REDUCED_SETTINGS, 'replicates=1'],
  })
  if (manifest.kind !== 'NeCoSweep') throw new Error('no sweep')
  const { sweep } = manifest
  return { ...sweep, metadata: { ...sweep.metadata, name } }
}

const withoutTimes = (metrics: SweepRunRow['metrics']): SweepRunRow['metrics'] =>
  Object.fromEntries(
    Object.entries(metrics).filter(([name]) => METRICS[name as MetricName]?.deterministic === true),
  )

async function readSweepTable(name: string): Promise<readonly SweepRunRow[]> {
  const runs = (await fixture.runs()).filter(({ metadata }) => metadata.name.startsWith(`${name}-`))
  return toSweepRunTable(runs).map((row) => ({ ...row, metrics: withoutTimes(row.metrics) }))
}

/** So that the next sweep reuses no result of the last. */
async function emptyStorage(): Promise<void> {
  const names = (await readdir(fixture.storage)).filter((name) => name !== WEIGHTS)
  for (const name of names) await rm(join(fixture.storage, name), { recursive: true })
}

/** Resolves when the Job of an attempt exists. */
const onceMade = (sweep: string, job: string): Promise<true> =>
  waitUntil({
    what: `Job ${sweep}${job}`,
    withinMs: 300_000,
    look: async () => (await fixture.listJobs(sweep)).includes(job) || undefined,
  })

test('an operator killed while pods train and evaluate ends with the same table', async () => {
  const calmOperator = await operators.start('training-calm')
  await fixture.apply(await readSweep('calm'))
  await failIfEnded(calmOperator.process, fixture.until('necosweep', 'calm', 'Complete'))
  await calmOperator.end()
  const undisturbed = await readSweepTable('calm')
  await emptyStorage()

  await fixture.apply(await readSweep('killed'))
  const first = await operators.start('training-killed-0')
  await onceMade('killed', '-0-r0-a1')
  await operators.lose(first)
  const second = await operators.start('training-killed-1')
  await onceMade('killed', '-0-r0-e0-a1')
  await operators.lose(second)
  const last = await operators.start('training-killed-2')
  await failIfEnded(last.process, fixture.until('necosweep', 'killed', 'Complete'))

  expect(undisturbed.map(({ verdict }) => verdict)).toEqual(['Succeeded', 'Succeeded', 'Succeeded'])
  expect(await readSweepTable('killed')).toEqual(undisturbed)
  expect(await auditLog.findCreatedTwice('killed')).toEqual([])
  expect(await fixture.listJobs('killed')).toEqual(await fixture.listJobs('calm'))
})
