import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { RunConfig } from '../contract/run-config.ts'
import type { EvaluationSettings } from '../method/settings/evaluation.ts'
import { runResultPath } from '../pod/storage-layout.ts'
import {
  buildEvaluationConfig,
  buildEvaluatorDependencies,
  captureFailure,
  encodeBackboneFile,
  useEvaluatorFixture,
  writeFinishedTraining,
} from '../test/fixtures/evaluator-fixture.ts'
import { buildMicroRunConfig } from '../test/fixtures/micro-run-config.ts'
import { runEvaluations } from './run-evaluations.ts'

const { getRoot } = useEvaluatorFixture()

const aConfig = (
  settings?: Partial<EvaluationSettings>,
  overrides?: Parameters<typeof buildEvaluationConfig>[2],
) => buildEvaluationConfig(getRoot(), settings, overrides)
const evaluate = (config: RunConfig) =>
  runEvaluations(config, buildEvaluatorDependencies(getRoot()).dependencies)

describe('bad input of an evaluator', () => {
  test('no training on this storage is named with the storage', async () => {
    const failure = await captureFailure(evaluate(aConfig({ at: [1] })))
    expect(failure).toMatchObject({ reason: 'Infrastructure', code: 'CheckpointMissing' })
    expect(failure?.message).toContain(getRoot())
  })

  test('a fraction without a checkpoint names those that have one', async () => {
    const config = aConfig({ at: [0.25] })
    await writeFinishedTraining(config)
    const failure = await captureFailure(evaluate(config))
    expect(failure).toMatchObject({ reason: 'Infrastructure', code: 'CheckpointMissing' })
    expect(failure?.message).toContain(
      'no checkpoint was retained at 0.25 of the schedule; retained: 0.5',
    )
  })

  test('a shard that was changed after training is refused by its digest', async () => {
    const config = aConfig({ at: [1] })
    const { studentPath: path } = await writeFinishedTraining(config)
    const bytes = await readFile(path)
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 3) ^ 1, bytes.length - 3)
    await writeFile(path, bytes)
    const failure = await captureFailure(evaluate(config))
    expect(failure).toMatchObject({ reason: 'UserError', code: 'CheckpointTampered' })
    expect(failure?.message).toContain(path)
  })

  test('a shard that was cut is refused', async () => {
    const config = aConfig({ at: [1] })
    const { studentPath: path } = await writeFinishedTraining(config)
    await writeFile(path, (await readFile(path)).subarray(0, -5))
    const failure = await captureFailure(evaluate(config))
    expect(failure?.reason).toBe('UserError')
    expect(failure?.code).toMatch(/^Weights/)
    expect(failure?.message).toContain(path)
  })

  test('a checkpoint of another model names the tensor and both shapes', async () => {
    const config = aConfig({ at: [1] })
    const wide = buildMicroRunConfig({ result: { model: { dim: 24 } } })
    await writeFinishedTraining(config, encodeBackboneFile(wide, 1))
    const failure = await captureFailure(evaluate(config))
    expect(failure).toMatchObject({ reason: 'UserError', code: 'WeightsOfAnotherModel' })
    expect(failure?.message).toMatch(/24.*16|16.*24/)
  })

  test('a training result that is no JSON is named', async () => {
    const config = aConfig({ at: [1] })
    const { runKey } = await writeFinishedTraining(config)
    await writeFile(join(getRoot(), runResultPath(runKey)), '{"schemaVersion":')
    const failure = await captureFailure(evaluate(config))
    expect(failure).toMatchObject({ reason: 'UserError', code: 'RunResultInvalid' })
  })

  test('an evaluation result that is no JSON is named with what to do', async () => {
    const config = aConfig({ at: [0] })
    const { evaluations } = await evaluate(config)
    await writeFile(join(getRoot(), `evaluations/${evaluations[0]?.key}/result.json`), '{}')
    const failure = await captureFailure(evaluate(config))
    expect(failure).toMatchObject({ reason: 'UserError', code: 'EvaluationFileInvalid' })
    expect(failure?.message).toContain('remove it and evaluate again')
  })

  test('a run-config without an evaluation, and weights on a volume nobody mounted', async () => {
    const { evaluation: _, ...none } = aConfig()
    expect(await captureFailure(evaluate(none))).toMatchObject({
      reason: 'UserError',
      code: 'EvaluationMissing',
    })
    const lost = aConfig({}, { result: { model: { weights: { volume: 'w', path: 'a' } } } })
    expect(await captureFailure(evaluate(lost))).toMatchObject({
      reason: 'UserError',
      code: 'VolumeMissing',
    })
  })

  test('masks with an unknown class, and sets with different classes', async () => {
    const gray = (value: number, channels: 1 | 3) =>
      sharp(new Uint8Array(16 * 16 * channels).fill(value), {
        raw: { width: 16, height: 16, channels },
      })
    const { storage } = buildEvaluatorDependencies(getRoot()).dependencies
    await storage.put('voc/JPEGImages/a.jpg', await gray(90, 3).jpeg().toBuffer())
    await storage.put(
      'voc/SegmentationClass/a.png',
      await gray(99, 1).toColorspace('b-w').png().toBuffer(),
    )
    await storage.put('voc/ImageSets/Segmentation/val.txt', 'a\n')
    const voc = { kind: 'Voc', path: 'voc', split: 'val' } as const
    const unknown = aConfig({ at: [0], memory: voc, validation: voc })
    const failure = await captureFailure(evaluate(unknown))
    expect(failure).toMatchObject({ reason: 'UserError', code: 'DataClassUnknown' })
    expect(failure?.message).toContain('a.png')
    const mixed = aConfig({ at: [0], memory: voc })
    expect(await captureFailure(evaluate(mixed))).toMatchObject({
      reason: 'UserError',
      code: 'ClassesDiffer',
    })
  })
})
