import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseManifestText } from '../../cli/manifest/read-manifest.ts'
import type { ResultsDocument } from '../../cli/report/results-document.ts'
import { resultsTable } from '../../cli/report/results-table.ts'
import { LABELS } from '../../crds/names.ts'
import { REDUCED, runExample } from '../run-example.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { printFigure } from './figure.ts'
import { neco } from './neco-process.ts'
import { openStudyGround, type StudyGround } from './study-ground.ts'

const bed = sharedBed()
const EXAMPLE = 'sweep-steepness.yaml'
const file = join(import.meta.dirname, '../../examples', EXAMPLE)

let ground: StudyGround
beforeAll(async () => {
  ground = await openStudyGround(bed, { name: 'study' })
})
afterAll(() => ground?.close())

/** The example at a reduced size under a name, to its end; gives how long that took, in milliseconds. */
async function complete(name: string): Promise<number> {
  const text = await readFile(file, 'utf8')
  const overrides = [...REDUCED, `metadata.name=${name}`]
  const manifest = parseManifestText({ file, text, overrides })
  if (manifest.kind !== 'NeCoSweep') throw new Error('no sweep')
  const startedMs = performance.now()
  await ground.apply(manifest.sweep)
  await ground.until('necosweep', name, 'Complete')
  return performance.now() - startedMs
}

async function resultsOf(name: string): Promise<ResultsDocument> {
  const where = ['--kubeconfig', bed.kubeconfig('admin'), '--namespace', ground.namespace]
  const words = ['results', name, '--format', 'json', ...where]
  const { exitCode, stdout, stderr } = await neco(words, { cwd: bed.path() })
  expect([exitCode, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

/** A table without speed and time, and without the name that a study was given. */
function lasting(document: ResultsDocument): ResultsDocument {
  const { name, columns, points } = document
  const kept = columns.filter(({ deterministic }) => deterministic)
  const only = <T>(values: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(kept.flatMap(({ key }) => (key in values ? [[key, values[key] as T]] : [])))
  return {
    ...document,
    name: '',
    columns: kept,
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

test('a sweep that is applied gives the table of a run on one machine, number for number', async () => {
  const tookMs = await complete('sweep-steepness')
  const { status } = await ground.sweep('sweep-steepness')
  expect(status).toMatchObject({ total: 6, succeeded: 6, failed: 0 })
  applied = await resultsOf('sweep-steepness')
  const local = await runExample(EXAMPLE, [])
  expect(lasting(applied)).toEqual(lasting(local.document))
  expect(resultsTable(lasting(applied))).toBe(resultsTable(lasting(local.document)))
  const values = applied.points.flatMap(({ runs }) => runs.map(({ values }) => values))
  expect(values).toHaveLength(6)
  for (const of of values) expect(Object.keys(of)).toContain('scenes.inContextMiou@1')
  printFigure(`a sweep of 6 runs and 6 evaluations, ${Math.round(tookMs / 1000)} s`)
})

test('applied again under another name after it was deleted, it is done with one short pod a run', async () => {
  await bed.kubectl.ok(['delete', 'necosweep', 'sweep-steepness', '-n', ground.namespace])
  const tookMs = await complete('again')
  expect(lasting(await resultsOf('again'))).toEqual(lasting(applied))
  const tasks = (await ground.runs()).flatMap(({ status }) => status?.tasks ?? [])
  expect(tasks.map(({ kind, name, attempt, reused }) => ({ kind, name, attempt, reused }))).toEqual(
    Array(6)
      .fill([
        { kind: 'Training', name: 'training', attempt: 1, reused: true },
        { kind: 'Evaluation', name: 'scenes', attempt: 0, reused: true },
      ])
      .flat(),
  )
  const jobs = await ground.jobsOf('again')
  expect(jobs.toSorted()).toEqual(
    [0, 1, 2].flatMap((point) => [0, 1].map((replicate) => `-${point}-r${replicate}-a1`)),
  )
  const ofSweep = ['-l', `${LABELS.sweep}=again`]
  const pods = await bed.kubectl.ok([
    'get',
    'pods',
    '-n',
    ground.namespace,
    ...ofSweep,
    '-o',
    'name',
  ])
  expect(pods.trim().split('\n')).toHaveLength(6)
  printFigure(`the same again, all results found, ${Math.round(tookMs / 1000)} s`)
})
