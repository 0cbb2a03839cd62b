import { randomStream } from '../vision/random/random-stream.ts'
import { drawDropPath } from '../vision/vit/stochastic-depth.ts'
import type { StepDraws } from './core/loss-inputs.ts'
import { batchAt } from './core/sample-order.ts'
import { stackViews, type ViewBatch } from './core/view-batch.ts'
import { makeViews } from './core/views/make-views.ts'
import type { TrainingRun } from './training-run.ts'

/** The augmented crops of a step; they depend on nothing but seed, epoch and sample. */
export async function loadViewBatch(
  { config, data }: TrainingRun,
  step: number,
): Promise<ViewBatch> {
  const { views, seed, optimizer } = config.result
  const { batchSize } = optimizer
  const { epoch, samples } = batchAt({ seed, size: data.size, batchSize }, step)
  const sampleViews = []
  for (const sample of samples) {
    sampleViews.push(makeViews(await data.image(sample), views, { seed, epoch, sample }))
  }
  return stackViews(sampleViews, views)
}

/** The random choices of a step; they depend on nothing but seed and step. */
export function createStepDraws(
  { config }: TrainingRun,
  step: number,
  batch: ViewBatch,
): StepDraws {
  const { seed, model } = config.result
  const queue = randomStream({ seed, purpose: 'queue-references', indices: [step] })
  const references = randomStream({ seed, purpose: 'roi-references', indices: [step] })
  const depth = (part: number) =>
    randomStream({ seed, purpose: 'stochastic-depth', indices: [step, part] })
  const { images, global, local } = batch
  return {
    queue: (length) => queue.permutation(length),
    references: (length) => references.permutation(length),
    dropPath: {
      global: drawDropPath(model, images * global.crops, depth(0)),
      local: drawDropPath(model, images * local.crops, depth(1)),
    },
  }
}
