import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RunConfig } from '../../contract/run-config.ts'
import { runEvaluations } from '../../evaluator/run-evaluations.ts'
import type { EvaluationSettings } from '../../method/settings/evaluation.ts'
import { toEvaluationResult } from '../../pod/evaluation-report.ts'
import { folderStorage } from '../../pod/folder-storage.ts'
import { readSpool } from '../../pod/spool.ts'
import { attemptFolder } from '../../pod/storage-layout.ts'
import {
  buildEvaluationConfig,
  buildEvaluatorDependencies,
  encodeBackboneFile,
  writeFinishedTraining,
} from '../../test/fixtures/evaluator-fixture.ts'
import { trainInProcess } from '../../test/fixtures/in-process-training.ts'
import { type Backend, startBackend } from '../../vision/backends/start-backend.ts'

let backend: Backend
let parent = ''
let root = ''
beforeAll(async () => {
  backend = await startBackend({ backend: 'wasm' })
  parent = await mkdtemp(join(tmpdir(), 'neco-found-'))
})
afterAll(async () => {
  await backend.close()
  await rm(parent, { recursive: true })
})
beforeEach(async () => {
  root = await mkdtemp(join(parent, 'storage-'))
})

const buildEvaluationSettings = (changes: Partial<EvaluationSettings>): EvaluationSettings => {
  const { evaluation } = buildEvaluationConfig(root, changes)
  if (evaluation === undefined) throw new Error('the fixture is an evaluation')
  return evaluation
}

/** The run-config of the trainer of a run with these evaluations, in an attempt of its own. */
function buildTrainerConfig(evaluations: readonly EvaluationSettings[]): RunConfig {
  const identity = { run: 'again', attempt: 1, podUid: 'pod-2' }
  const { evaluation: _, ...config } = buildEvaluationConfig(root, {}, { identity })
  return { ...config, evaluations: [...evaluations] }
}

/** A finished training that was evaluated before and after it. */
async function anEvaluatedTraining() {
  const config = buildEvaluationConfig(root)
  const { runKey } = await writeFinishedTraining(config)
  const { dependencies, reports } = buildEvaluatorDependencies(root)
  const { evaluations } = await runEvaluations(config, dependencies)
  return { runKey, reports, evaluations }
}

const namesFound = async (...changes: readonly Partial<EvaluationSettings>[]) => {
  const { evaluations } = await trainInProcess(
    buildTrainerConfig(changes.map(buildEvaluationSettings)),
  )
  return evaluations.map(({ name }) => name)
}

type Keys = readonly string[]

describe('a trainer that finds its result', () => {
  test('finds the evaluations of its run with it, and reports what the evaluator reported', async () => {
    const { runKey, reports, evaluations } = await anEvaluatedTraining()
    const config = buildTrainerConfig([buildEvaluationSettings({})])
    const trained = await trainInProcess(config)
    expect([trained.reused, trained.runKey]).toEqual([true, runKey])
    const results = trained.evaluations.map(({ name, measured }) => [
      name,
      measured.map(toEvaluationResult),
    ])
    expect(results).toEqual([['scenes', evaluations]])
    const attempt = attemptFolder(runKey, config.identity)
    const reported = await readSpool(folderStorage(root), attempt)
    expect(reported.map(({ kind }) => kind)).toEqual(['Evaluation', 'Evaluation', 'Ended'])
    expect(reported.slice(0, 2)).toMatchObject(reports)
  })

  test('finds an evaluation under another name, and none that measures something else', async () => {
    await anEvaluatedTraining()
    expect(
      await namesFound(
        { name: 'renamed', at: [1, 0] },
        { name: 'another-seed', seed: 4 },
        { name: 'another-source', source: 'Teacher' },
        { name: 'other-fractions', at: [0, 0.5, 1] },
        { name: 'other-data', validation: { kind: 'Scenes', firstSeed: 201, count: 3 } },
        { name: 'no-data', memory: { kind: 'ImageFolder', path: 'nowhere' } },
        {},
      ),
    ).toEqual(['renamed', 'scenes'])
  })

  test.each([
    ['a result', 'removed', ([first]: Keys) => `evaluations/${first}/result.json`],
    ['a result', 'damaged', ([, last]: Keys) => `evaluations/${last}/result.json`],
    ['the receipt', 'removed', (_: Keys, receipt: string) => receipt],
    ['the receipt', 'damaged', (_: Keys, receipt: string) => receipt],
  ])('finds none of an evaluation where %s is %s', async (_, harm, pathOf) => {
    const { runKey, evaluations } = await anEvaluatedTraining()
    const folder = `runs/${runKey}/evaluations`
    const [receipt = 'none'] = await readdir(join(root, folder))
    const keys = evaluations.map(({ key }) => key)
    const path = join(root, pathOf(keys, `${folder}/${receipt}`))
    if (harm === 'removed') await rm(path)
    else await writeFile(path, '{"schemaVersion":1,"meas')
    expect(await namesFound({})).toEqual([])
  })

  test('finds none whose figure is gone', async () => {
    const { evaluations } = await anEvaluatedTraining()
    const [figure = 'none'] = evaluations[1]?.figures ?? []
    await rm(join(root, figure))
    expect(await namesFound({})).toEqual([])
  })

  test('finds none that measured another result than the one that is there now', async () => {
    await anEvaluatedTraining()
    const config = buildEvaluationConfig(root)
    await writeFinishedTraining(config, encodeBackboneFile(config, 79))
    expect(await namesFound({})).toEqual([])
    await runEvaluations(config, buildEvaluatorDependencies(root).dependencies)
    expect(await namesFound({})).toEqual(['scenes'])
  })
})
