import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { EvaluationFile } from '../contract/evaluation-file.ts'
import type { RunConfig } from '../contract/run-config.ts'
import type { EvaluationSettings } from '../method/settings/evaluation.ts'
import {
  buildEvaluationConfig,
  buildEvaluatorDependencies,
  captureFailure,
  useEvaluatorFixture,
  writeFinishedTraining,
} from '../test/fixtures/evaluator-fixture.ts'
import { decodeMaskStack } from './io/evaluation-store.ts'
import { runEvaluations } from './run-evaluations.ts'

const { getRoot, countTensors } = useEvaluatorFixture()

const aConfig = (
  settings?: Partial<EvaluationSettings>,
  overrides?: Parameters<typeof buildEvaluationConfig>[2],
) => buildEvaluationConfig(getRoot(), settings, overrides)
const evaluate = (config: RunConfig) =>
  runEvaluations(config, buildEvaluatorDependencies(getRoot()).dependencies)

const resultFile = async (key: string): Promise<EvaluationFile> =>
  EvaluationFile.parse(
    JSON.parse(await readFile(join(getRoot(), `evaluations/${key}/result.json`), 'utf8')),
  )

describe('an evaluator', () => {
  test('measures before and after, keeps predictions and a figure, and reports each', async () => {
    const config = aConfig()
    await writeFinishedTraining(config)
    const { dependencies, reports } = buildEvaluatorDependencies(getRoot())
    const before = countTensors()
    const { evaluations, step } = await runEvaluations(config, dependencies)
    expect(countTensors()).toBe(before)
    expect(evaluations.map(({ at }) => at)).toEqual([0, 1])
    expect(step).toBe(6)
    expect(reports.map((body) => [body.kind, body.step, body.imagesSeen, body.message])).toEqual([
      ['Evaluation', 0, 0, 'scenes before'],
      ['Evaluation', 6, 24, 'scenes after'],
    ])
    const [first, last] = evaluations
    const file = await resultFile(last?.key ?? '')
    expect(file.metrics).toEqual(last?.metrics)
    expect(file.iouPercentByClass['inContextMiou']).toHaveLength(8)
    const stack = await readFile(join(getRoot(), file.predictions?.path ?? ''))
    expect(decodeMaskStack(stack).map(({ side }) => side)).toEqual([96, 96, 96])
    expect(last?.figures).toEqual([
      `evaluations/${last?.key}/figures/after-${first?.key.slice(0, 12)}.png`,
    ])
    const { width = 0, height = 0 } = await sharp(
      await readFile(join(getRoot(), last?.figures[0] ?? '')),
    ).metadata()
    expect([width > 700, height > 900]).toEqual([true, true])
  })

  test('gives the same bytes on another storage, and finds them on the same one', async () => {
    const settings = { at: [0], protocols: ['InContext', 'Linear', 'NeighborAgreement'] as const }
    const config = aConfig({ ...settings, protocols: [...settings.protocols] })
    const first = await evaluate(config)
    const { key = '' } = first.evaluations[0] ?? {}
    const bytes = await readFile(join(getRoot(), `evaluations/${key}/result.json`), 'utf8')
    const found = await evaluate(config)
    expect([first.reused, found.reused]).toEqual([false, true])
    expect(found.evaluations).toEqual(first.evaluations)
    await rm(join(getRoot(), 'evaluations'), { recursive: true })
    await evaluate(config)
    expect(await readFile(join(getRoot(), `evaluations/${key}/result.json`), 'utf8')).toBe(bytes)
    expect(Object.keys(first.evaluations[0]?.metrics ?? {}).sort()).toEqual([
      'effectiveRank',
      'inContextMiou',
      'linearMiou',
      'neighborAgreementTau',
      'neighborAgreementTop1',
      'neighborAgreementTop5',
    ])
  })

  test('computes the evaluation before training once for all runs that start alike', async () => {
    const first = await evaluate(aConfig({ at: [0] }))
    const other = aConfig({ at: [0] }, { result: { seed: 401, loss: { studentSteepness: 10 } } })
    const found = await evaluate(other)
    expect(found.reused).toBe(true)
    expect(found.runKey).not.toBe(first.runKey)
    expect(found.evaluations).toEqual(first.evaluations)
    const others = [
      aConfig({ at: [0] }, { result: { model: { initSeed: 2 } } }),
      aConfig({ at: [0], seed: 4 }),
      aConfig({ at: [0], validation: { kind: 'Scenes', firstSeed: 201, count: 3 } }),
    ]
    const keys = await Promise.all(
      others.map(async (config) => (await evaluate(config)).evaluations[0]?.key),
    )
    expect(new Set([...keys, first.evaluations[0]?.key]).size).toBe(4)
  })

  test('measures the teacher when asked, and the checkpoint kept in the middle', async () => {
    const config = aConfig()
    await writeFinishedTraining(config)
    const readEvaluatedKey = async (settings: Partial<EvaluationSettings>) =>
      (await evaluate(aConfig(settings))).evaluations[0]?.key
    const student = await readEvaluatedKey({ at: [1] })
    expect(await readEvaluatedKey({ at: [0.5] })).toBe(student)
    expect(await readEvaluatedKey({ at: [1], source: 'Teacher' })).not.toBe(student)
  })

  test('stops between two images when it is asked to, and releases its claim', async () => {
    const stop = new AbortController()
    stop.abort('SIGTERM')
    const failure = await captureFailure(
      runEvaluations(
        aConfig({ at: [0] }),
        buildEvaluatorDependencies(getRoot(), { signal: stop.signal }).dependencies,
      ),
    )
    expect(failure).toMatchObject({ reason: 'Interrupted', code: 'Interrupted' })
    const [key = ''] = await readdir(join(getRoot(), 'evaluations'))
    expect(await readdir(join(getRoot(), 'evaluations', key))).toEqual([])
  })

  test('also stops while it waits for another process that computes the same', async () => {
    const stop = new AbortController()
    const { evaluations } = await evaluate(aConfig({ at: [0] }))
    const folder = `evaluations/${evaluations[0]?.key}`
    await rm(join(getRoot(), folder), { recursive: true })
    const { dependencies } = buildEvaluatorDependencies(getRoot(), {
      signal: stop.signal,
      sleep: async () => stop.abort('SIGTERM'),
    })
    const holder = JSON.stringify({ run: 'another', attempt: 1, podUid: 'pod-2' })
    await dependencies.storage.put(`${folder}/claim.json`, holder)
    const failure = await captureFailure(runEvaluations(aConfig({ at: [0] }), dependencies))
    expect(failure?.reason).toBe('Interrupted')
    expect(await readFile(join(getRoot(), folder, 'claim.json'), 'utf8')).toBe(holder)
  })

  test('measures what is free while another process is at the rest, and then takes its result', async () => {
    const config = aConfig()
    await writeFinishedTraining(config)
    const { evaluations: expected } = await evaluate(config)
    const folder = join(getRoot(), `evaluations/${expected[0]?.key}`)
    const result = await readFile(join(folder, 'result.json'))
    await rm(join(getRoot(), 'evaluations'), { recursive: true })
    const order: string[] = []
    const { dependencies } = buildEvaluatorDependencies(getRoot(), {
      log: (message, { at }) => order.push(`${message} ${at}`),
      sleep: async (ms) => {
        if (ms > 0)
          await dependencies.storage.put(`evaluations/${expected[0]?.key}/result.json`, result)
      },
    })
    const holder = JSON.stringify({ run: 'another', attempt: 1, podUid: 'pod-2' })
    await dependencies.storage.put(`evaluations/${expected[0]?.key}/claim.json`, holder)
    const { evaluations, reused } = await runEvaluations(config, dependencies)
    expect(order).toEqual(['Evaluating 1', 'Finding the evaluation under its key 0'])
    expect(evaluations.map(({ metrics }) => metrics)).toEqual(
      expected.map(({ metrics }) => metrics),
    )
    expect(reused).toBe(false)
  })
})
