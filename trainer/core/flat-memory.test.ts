import { expect, test } from 'vitest'
import { buildMicroRunConfig } from '../../test/fixtures/micro-run-config.ts'
import { startBackend } from '../../vision/backends/start-backend.ts'
import { scenesDataset } from '../../vision/datasets/scenes-dataset.ts'
import { randomStream } from '../../vision/random/random-stream.ts'
import { runTrainingStep } from '../training-recipe.ts'
import { createTrainingState, disposeTrainingState } from './training-state.ts'
import { stackViews, type ViewBatch } from './view-batch.ts'
import { makeViews } from './views/make-views.ts'

test('Tensors, their bytes and the WebAssembly memory stay exactly flat over 500 steps.', async () => {
  const backend = await startBackend({ backend: 'wasm' })
  const before = backend.memory()
  const { result } = buildMicroRunConfig({
    result: { references: { source: 'TeacherQueue', queueLength: 100 } },
  })
  const scenes = scenesDataset({ kind: 'Scenes', count: 4 })
  const images = await Promise.all([0, 1, 2, 3].map((index) => scenes.image(index)))
  const state = createTrainingState(result, {})
  // Other crops and so other boxes from step to step, with as many patches.
  const batches = Array.from({ length: 8 }, (_, epoch) =>
    stackViews(
      images.map((image, sample) => makeViews(image, result.views, { seed: 1, epoch, sample })),
      result.views,
    ),
  )
  const step = (index: number) => {
    const stream = randomStream({ seed: 1, purpose: 'roi-references', indices: [index] })
    const draw = (length: number) => stream.permutation(length)
    runTrainingStep(state, batches[index % 8] as ViewBatch, {
      place: { step: index, totalSteps: 520 },
      draws: { queue: draw, references: draw },
    })
  }
  for (let index = 0; index < 20; index++) step(index)
  const warm = backend.memory()
  const seen = new Set<string>()
  for (let index = 20; index < 520; index++) {
    step(index)
    seen.add(JSON.stringify(backend.memory()))
  }
  disposeTrainingState(state)
  const { tensors, bytes } = backend.memory()
  await backend.close()
  expect([...seen]).toEqual([JSON.stringify(warm)])
  expect({ tensors, bytes }).toEqual({ tensors: before.tensors, bytes: before.bytes })
})
