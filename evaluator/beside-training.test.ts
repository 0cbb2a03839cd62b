import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RunConfig } from '../contract/run-config.ts'
import { RunResult } from '../contract/run-result.ts'
import { folderStorage } from '../pod/folder-storage.ts'
import { runResultPath } from '../pod/storage-layout.ts'
import {
  buildEvaluationConfig,
  buildEvaluatorDependencies,
  captureFailure,
  useEvaluatorFixture,
  writeFinishedTraining,
} from '../test/fixtures/evaluator-fixture.ts'
import { runEvaluations } from './run-evaluations.ts'

const { getRoot } = useEvaluatorFixture()

const storage = () => folderStorage(getRoot())
const aConfig = (at: number[], isBesideTraining = true): RunConfig => ({
  ...buildEvaluationConfig(getRoot(), { at }),
  isBesideTraining,
})
const evaluate = async (config: RunConfig) => {
  const { evaluations, unmeasured, reused } = await runEvaluations(
    config,
    buildEvaluatorDependencies(getRoot()).dependencies,
  )
  return { measured: evaluations.map(({ at }) => at), unmeasured, reused }
}

/**
 * A training at these steps of 12, the newest complete: of the finished one the shards stay, not
 * the result.
 */
async function aTrainingUnderWay(steps: readonly number[]): Promise<void> {
  const { runKey } = await writeFinishedTraining(aConfig([1]))
  const result = RunResult.parse(JSON.parse(String(await storage().read(runResultPath(runKey)))))
  const { result: settings } = aConfig([1])
  const { folder, shards } = result.final
  for (const step of steps) {
    const target = `${dirname(folder)}/step-${String(step).padStart(8, '0')}`
    for (const { file } of Object.values(shards)) {
      await storage().put(`${target}/${file}`, await storage().read(`${folder}/${file}`))
    }
    const manifest = {
      schemaVersion: 1,
      runKey,
      step,
      totalSteps: 12,
      imagesSeen: 4 * step,
      settings,
      backend: 'test',
      shards,
    }
    await storage().put(`${target}/manifest.json`, JSON.stringify(manifest))
  }
  await storage().delete(runResultPath(runKey))
}

describe('an evaluator beside a training that is running', () => {
  test('measures the weights before it and the complete checkpoints, and lists what it left', async () => {
    await aTrainingUnderWay([3, 6, 7])
    expect(await evaluate(aConfig([1, 0.5, 0, 0.25, 0.75]))).toEqual({
      measured: [0, 0.25, 0.5],
      unmeasured: [0.75, 1],
      reused: false,
    })
  })

  test('reports the step and the images of the checkpoint', async () => {
    await aTrainingUnderWay([6])
    const { dependencies: world, reports } = buildEvaluatorDependencies(getRoot())
    await runEvaluations(aConfig([0.5]), world)
    expect(
      reports.map(({ step, totalSteps, imagesSeen, message }) => [
        step,
        totalSteps,
        imagesSeen,
        message,
      ]),
    ).toEqual([[6, 12, 24, 'scenes at 50 %']])
  })

  test('ends well with nothing where no checkpoint is complete', async () => {
    await aTrainingUnderWay([])
    expect(await evaluate(aConfig([0.5, 1]))).toEqual({
      measured: [],
      unmeasured: [0.5, 1],
      reused: false,
    })
  })

  test('passes over a checkpoint without its manifest, which is written last', async () => {
    await aTrainingUnderWay([6])
    const { runKey } = await runEvaluations(
      aConfig([0.5]),
      buildEvaluatorDependencies(getRoot()).dependencies,
    )
    await storage().delete(`runs/${runKey}/attempts/1-pod/checkpoints/step-00000006/manifest.json`)
    expect(await evaluate(aConfig([0.5]))).toMatchObject({ measured: [], unmeasured: [0.5] })
  })

  test('measures all where the training has ended meanwhile', async () => {
    await writeFinishedTraining(aConfig([1]))
    expect(await evaluate(aConfig([0.5, 1]))).toMatchObject({ measured: [0.5, 1], unmeasured: [] })
  })
})

test('an evaluator after the training misses a checkpoint that is not there', async () => {
  await aTrainingUnderWay([6])
  const failure = await captureFailure(evaluate(aConfig([0.5], false)))
  expect(failure).toMatchObject({ reason: 'Infrastructure', code: 'CheckpointMissing' })
})
