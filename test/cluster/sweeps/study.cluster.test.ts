import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseManifestText } from '../../../cli/manifest/read-manifest.ts'
import type { ResultsDocument } from '../../../cli/report/results-document.ts'
import { resultsTable } from '../../../cli/report/results-table.ts'
import { LABELS } from '../../../crds/names.ts'
import { REDUCED_SETTINGS, runExample } from '../../programs/run-example.ts'
import { runNeco } from '../cli/run-neco-process.ts'
import { printMeasurement } from '../testbed/print-measurement.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { openStudyFixture, type StudyFixture } from './study-fixture.ts'

const testbed = sharedTestbed()
const EXAMPLE = 'sweep-steepness.yaml'
const file = join(import.meta.dirname, '../../../examples', EXAMPLE)

let fixture: StudyFixture
beforeAll(async () => {
  fixture = await openStudyFixture(testbed, { name: 'study' })
})
afterAll(() => fixture?.close())

/**
 * The example at a reduced size under a name, to its end; gives how long that took, in
 * milliseconds.
 */
async function complete(name: string): Promise<number> {
  const text = await readFile(file, 'utf8')
  const overrides = [...REDUCED_SETTINGS, `metadata.name=${name}`]
  const manifest = parseManifestText({ file, text, overrides })
  if (manifest.kind !== 'NeCoSweep') throw new Error('no sweep')
  const startedMs = performance.now()
  await fixture.apply(manifest.sweep)
  await fixture.until('necosweep', name, 'Complete')
  return performance.now() - startedMs
}

async function readResults(name: string): Promise<ResultsDocument> {
  const where = ['--kubeconfig', testbed.kubeconfig('admin'), '--namespace', fixture.namespace]
  const args = ['results', name, '--format', 'json', ...where]
  const { exitCode, stdout, stderr } = await runNeco(args, { cwd: testbed.path() })
  expect([exitCode, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

/** A table without speed, times, and the name of the study. */
function selectReproducibleFields(document: ResultsDocument): ResultsDocument {
  const { name, columns, points } = document
  const deterministic = columns.filter((column) => column.deterministic)
  const only = <T>(values: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(
      deterministic.flatMap(({ key }) => (key in values ? [[key, values[key] as T]] : [])),
    )
  return {
    ...document,
    name: '',
    columns: deterministic,
    points: points.map((point) => ({
      ...point,
      summary: only(point.summary),
      runs: point.runs.map((run) => ({
        ...run,
        name: run.name.replace(name, ''),
        values: only(run.values),
      })),
    })),
  }
}

let applied: ResultsDocument

test('a sweep in the cluster gives the table of `neco run` on one machine, number for number', async () => {
  const tookMs = await complete('sweep-steepness')
  const { status } = await fixture.sweep('sweep-steepness')
  expect(status).toMatchObject({ total: 6, succeeded: 6, failed: 0 })
  applied = await readResults('sweep-steepness')
  const local = await runExample(EXAMPLE, [])
  expect(selectReproducibleFields(applied)).toEqual(selectReproducibleFields(local.document))
  expect(resultsTable(selectReproducibleFields(applied))).toBe(
    resultsTable(selectReproducibleFields(local.document)),
  )
  const values = applied.points.flatMap(({ runs }) => runs.map(({ values }) => values))
  expect(values).toHaveLength(6)
  for (const of of values) expect(Object.keys(of)).toContain('scenes.inContextMiou@1')
  printMeasurement(`a sweep of 6 runs and 6 evaluations, ${Math.round(tookMs / 1000)} s`)
})

test('applied again under another name after its deletion, it needs one short pod per run', async () => {
  await testbed.kubectl.ok(['delete', 'necosweep', 'sweep-steepness', '-n', fixture.namespace])
  const tookMs = await complete('again')
  expect(selectReproducibleFields(await readResults('again'))).toEqual(
    selectReproducibleFields(applied),
  )
  const tasks = (await fixture.runs()).flatMap(({ status }) => status?.tasks ?? [])
  expect(tasks.map(({ kind, name, attempt, reused }) => ({ kind, name, attempt, reused }))).toEqual(
    Array(6)
      .fill([
        { kind: 'Training', name: 'training', attempt: 1, reused: true },
        { kind: 'Evaluation', name: 'scenes', attempt: 0, reused: true },
      ])
      .flat(),
  )
  const jobs = await fixture.listJobs('again')
  expect(jobs.toSorted()).toEqual(
    [0, 1, 2].flatMap((point) => [0, 1].map((replicate) => `-${point}-r${replicate}-a1`)),
  )
  const ofSweep = ['-l', `${LABELS.sweep}=again`]
  const pods = await testbed.kubectl.ok([
    'get',
    'pods',
    '-n',
    fixture.namespace,
    ...ofSweep,
    '-o',
    'name',
  ])
  expect(pods.trim().split('\n')).toHaveLength(6)
  printMeasurement(`the same again, all results found, ${Math.round(tookMs / 1000)} s`)
})
