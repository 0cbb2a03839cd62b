import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { folderStorage } from '../pod/folder-storage.ts'
import type { Storage } from '../pod/storage.ts'
import { memoryBucket } from '../test/fakes/memory-bucket.ts'
import {
  buildEvaluationConfig,
  buildEvaluatorDependencies,
  encodeBackboneFile,
} from '../test/fixtures/evaluator-fixture.ts'
import { trainInProcess } from '../test/fixtures/in-process-training.ts'
import { type Backend, startBackend } from '../vision/backends/start-backend.ts'
import { runEvaluations } from './run-evaluations.ts'

let backend: Backend
let root = ''
beforeAll(async () => {
  backend = await startBackend({ backend: 'wasm' })
  root = await mkdtemp(join(tmpdir(), 'neco-bucket-'))
})
afterAll(async () => {
  await backend.close()
  await rm(root, { recursive: true })
})

const config = () =>
  buildEvaluationConfig(
    root,
    {},
    {
      result: {
        data: { kind: 'ImageFolder', path: 'images' },
        model: { weights: { path: 'weights.safetensors' } },
        optimizer: { steps: 3 },
      },
    },
  )

/** Puts images and weights onto a storage, trains and evaluates on it, from it. */
async function trainAndEvaluate(storage: Storage) {
  for (let at = 0; at < 8; at++) {
    const background = { r: 30 * at, g: 20, b: 255 - 30 * at }
    const image = sharp({ create: { width: 40, height: 40, channels: 3, background } })
    await storage.put(`images/${at % 2}/${at}.png`, await image.png().toBuffer())
  }
  await storage.put('weights.safetensors', encodeBackboneFile(config(), 5))
  const volumes = { '': storage }
  const trained = await trainInProcess(config(), { storage, volumes })
  const again = await trainInProcess(config(), { storage, volumes })
  const { dependencies } = buildEvaluatorDependencies(root, { storage, volumes })
  const { evaluations } = await runEvaluations(config(), dependencies)
  const paths = await storage.listRecursively('')
  return {
    key: trained.runKey,
    loss: trained.metrics['loss'],
    again: again.reused,
    evaluations,
    paths,
  }
}

test('A training and its evaluation find on a bucket what they find in a folder, to the last bit and path.', async () => {
  const onBucket = await trainAndEvaluate(memoryBucket())
  const inFolder = await trainAndEvaluate(folderStorage(root))
  expect(onBucket).toEqual(inFolder)
  expect(onBucket.again).toBe(true)
  expect(onBucket.evaluations.map(({ at }) => at)).toEqual([0, 1])
})
