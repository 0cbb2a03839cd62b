import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RunConfig } from '../contract/run-config.ts'
import { RunResult } from '../contract/run-result.ts'
import { folderStorage } from '../pod/folder-storage.ts'
import { listCheckpoints } from '../pod/list-checkpoints.ts'
import type { Storage } from '../pod/storage.ts'
import { runResultPath } from '../pod/storage-layout.ts'
import { StorageError } from '../std/files/storage-error.ts'
import { faultyStorage, type StorageFault } from '../test/fakes/faulty-storage.ts'
import { memoryBucket } from '../test/fakes/memory-bucket.ts'
import { trainInProcess } from '../test/fixtures/in-process-training.ts'
import { buildMicroRunConfig } from '../test/fixtures/micro-run-config.ts'
import { type Backend, startBackend } from '../vision/backends/start-backend.ts'
import { readSafetensors } from '../vision/weights/read-safetensors.ts'

let root = ''
let trainings = 0
let backend: Backend
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'neco-train-'))
  backend = await startBackend({ backend: 'wasm' })
})
afterAll(async () => {
  await backend.close()
  await rm(root, { recursive: true })
})
beforeEach(() => {
  trainings++
})

type Overrides = Parameters<typeof buildMicroRunConfig>[0]
const buildTrainConfig = (
  result: NonNullable<Overrides>['result'] = {},
  name = 'a',
  everySteps = 100,
): RunConfig =>
  buildMicroRunConfig({
    result: { optimizer: { steps: 4 }, ...result },
    execution: { storage: join(root, `${trainings}-${name}`), checkpoint: { everySteps } },
  })

async function readTrainResult(
  config: RunConfig,
  runKey: string,
  storage: Storage = folderStorage(config.execution.storage),
): Promise<RunResult> {
  const bytes = await storage.read(runResultPath(runKey))
  return RunResult.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
}

async function readFinalShard(config: RunConfig, runKey: string, name: 'student' | 'teacher') {
  const { final } = await readTrainResult(config, runKey)
  const files = folderStorage(config.execution.storage)
  const path = `${final.folder}/${final.shards[name]?.file ?? 'none'}`
  return (await readSafetensors({ files, path })).tensors
}

describe('a storage that fails', () => {
  const faults: readonly StorageFault[] = ['NoSpace', 'TornWrite', 'LostReply']
  test.each(faults)(
    '%s at any write to a bucket stops training, which then resumes to the same bits as in a folder',
    async (fault) => {
      const whole = buildTrainConfig({ optimizer: { steps: 3 } }, 'whole')
      const { runKey } = await trainInProcess(whole)
      const expected = (await readTrainResult(whole, runKey)).final.shards
      const broken = buildTrainConfig({ optimizer: { steps: 3 } }, 'broken', 2)
      const inner = memoryBucket()
      const codes = new Set<string>()
      let failing = 0
      // Each attempt fails one write later than the one before, until all of them succeed.
      for (;;) {
        const storage = faultyStorage(inner, failing++, fault)
        const identity = { run: 'micro', attempt: failing, podUid: `pod-${failing}` }
        const outcome = await trainInProcess({ ...broken, identity }, { storage }).catch(
          (error: unknown) => {
            if (error instanceof StorageError) codes.add(error.code)
            else throw error
          },
        )
        if (outcome !== undefined) break
      }
      expect([...codes]).toEqual([fault === 'NoSpace' ? 'StorageFull' : 'StorageFailed'])
      expect(failing).toBeGreaterThan(5)
      expect((await readTrainResult(broken, runKey, inner)).final.shards).toEqual(expected)
    },
  )
})

describe('a training', () => {
  test('does not depend on when it was interrupted', async () => {
    const whole = buildTrainConfig({}, 'whole')
    const { runKey } = await trainInProcess(whole)
    const parts = buildTrainConfig({}, 'parts')
    for (let attempt = 1; attempt <= 4; attempt++) {
      const stop = new AbortController()
      const identity = { run: 'micro', attempt, podUid: `pod-${attempt}` }
      await trainInProcess(
        { ...parts, identity },
        { signal: stop.signal, log: (message) => message === 'Step' && stop.abort('test') },
      )
    }
    expect((await readTrainResult(parts, runKey)).final.shards).toEqual(
      (await readTrainResult(whole, runKey)).final.shards,
    )
  })

  test('warns of a checkpoint that was changed, and not of one that a kill left unfinished', async () => {
    const config = buildTrainConfig({}, 'a', 1)
    const { storage: folder } = config.execution
    const { runKey, step } = await trainInProcess(config)
    const location = { storage: folderStorage(folder), runKey }
    const [last, before] = await listCheckpoints(location)
    await rm(join(folder, runResultPath(runKey)))
    await rm(join(folder, last?.folder ?? '', 'manifest.json'))
    const shard = join(folder, before?.folder ?? '', before?.manifest.shards.student?.file ?? '')
    const bytes = await readFile(shard)
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
    await writeFile(shard, bytes)
    const [warned, logged]: [unknown[], unknown[]] = [[], []]
    const again = await trainInProcess(config, {
      warn: (message, { folder: of }) => warned.push([message, of]),
      log: (message, { folder: of }) => of !== undefined && logged.push([message, of]),
    })
    expect(warned).toEqual([['Skipped a checkpoint', before?.folder]])
    expect(logged[0]).toEqual(['Skipped a checkpoint', last?.folder])
    expect(again.step).toBe(step)
  })

  test('keeps the checkpoints that evaluations wait for', async () => {
    const config = buildTrainConfig({ optimizer: { steps: 6 } })
    const execution = { ...config.execution, keepAt: [0, 0.5, 1] }
    const checkpoint = { everySteps: 1, keep: 1 }
    const { runKey } = await trainInProcess({ ...config, execution: { ...execution, checkpoint } })
    const { retained: kept, final } = await readTrainResult(config, runKey)
    expect(kept.map(({ at, step }) => [at, step])).toEqual([
      [0.5, 3],
      [1, 6],
    ])
    expect(final.step).toBe(6)
  })

  test('trains epochs where steps are left out, and drops the last incomplete batch', async () => {
    const config = buildTrainConfig({
      optimizer: { steps: undefined, epochs: 2 },
      data: { count: 11 },
    })
    const { step, imagesSeen } = await trainInProcess(config)
    expect([step, imagesSeen]).toEqual([4, 16])
  })

  const variants: readonly (readonly [string, NonNullable<Overrides>['result']])[] = [
    ['a queue of the teacher', { references: { source: 'TeacherQueue', queueLength: 50 } }],
    ['references of other images', { references: { neighbors: 'InterStrict' } }],
    ['references of the own image', { references: { neighbors: 'Intra' } }],
    [
      'a fraction of the student',
      { references: { source: 'StudentFraction', fraction: 0.3, count: undefined } },
    ],
    ['the foreground', { loss: { patches: 'Foreground' } }],
    [
      'the background with a queue',
      {
        loss: { patches: 'Background' },
        references: { source: 'TeacherQueue', queueLength: 50 },
      },
    ],
    ['the order of another image', { loss: { objective: 'ShuffledOrder' } }],
    ['plain cosine consistency', { loss: { objective: 'CosineConsistency' } }],
    ['both directions, summed', { loss: { direction: 'Both', reduction: 'Sum' } }],
    ['the three nearest', { loss: { keptNeighbors: 3, epsilon: 1e-6, renormalizeKept: true } }],
    ['Euclidean distances', { loss: { similarity: 'Euclidean' } }],
    ['the student as its own teacher', { loss: { teacher: 'None' } }],
    [
      'a queue of the student itself',
      {
        loss: { teacher: 'None' },
        references: { source: 'TeacherQueue', queueLength: 50 },
      },
    ],
    ['Adam', { optimizer: { algorithm: 'Adam' } }],
    ['no local crops', { views: { localCrops: 0 } }],
    ['a copied teacher head', { model: { head: { teacherHead: 'Copy' } } }],
    ['stochastic depth', { model: { dropPathRate: 0.3 } }],
  ]
  test('has a loss of its own for every option', async () => {
    const plain = buildTrainConfig({ optimizer: { steps: 2 } }, 'plain')
    const { metrics } = await trainInProcess(plain)
    const losses = [metrics['loss']]
    for (const [name, result] of variants) {
      const steps = { optimizer: { steps: 2, ...result?.optimizer } }
      const outcome = await trainInProcess(buildTrainConfig({ ...result, ...steps }, name))
      expect([name, Number.isFinite(outcome.metrics['loss'])]).toEqual([name, true])
      losses.push(outcome.metrics['loss'])
    }
    expect(new Set(losses).size).toBe(variants.length + 1)
  })

  test('leaves what is not trained as it was', async () => {
    const one = buildTrainConfig({ optimizer: { steps: 2, trainableBlocks: 1 } }, 'one')
    const { runKey } = await trainInProcess(one)
    const trained = await readFinalShard(one, runKey, 'student')
    const random = buildTrainConfig({ optimizer: { steps: 2, backboneLearningRate: 0 } }, 'none')
    const still = await trainInProcess(random)
    const before = await readFinalShard(random, still.runKey, 'student')
    const changed = [...trained].filter(
      ([name, { values }]) => values.join() !== before.get(name)?.values.join(),
    )
    expect(changed.every(([name]) => name.startsWith('blocks.1.'))).toBe(true)
    expect(changed.length).toBeGreaterThan(10)
  })

  test('without a teacher writes none', async () => {
    const config = buildTrainConfig({ loss: { teacher: 'None' } })
    const { runKey } = await trainInProcess(config)
    const { final } = await readTrainResult(config, runKey)
    expect(Object.keys(final.shards).sort()).toEqual(['moments', 'student', 'student-head'])
  })
})
