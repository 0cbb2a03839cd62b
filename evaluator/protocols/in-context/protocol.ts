import { createMemoryTransform } from '../../features/augmented-transforms.ts'
import type { FeatureSource } from '../../features/feature-source.ts'
import { chooseInputSidePx } from '../../features/input-side.ts'
import type { BackboneEvaluation, FeatureSources, ProtocolMeasurement } from '../protocol.ts'
import { buildSegmentationContext, toMeasurement } from '../segmentation.ts'
import { evaluateInContext } from './evaluate-in-context.ts'
import { IN_CONTEXT_HYPERPARAMETERS } from './hyperparameters.ts'

/** In-context retrieval (docs/method.md §4.2). */
export async function measureInContext(
  evaluation: BackboneEvaluation,
  sources: FeatureSources,
): Promise<ProtocolMeasurement<'InContext'>> {
  const context = buildSegmentationContext(evaluation)
  const hyperparameters = IN_CONTEXT_HYPERPARAMETERS[evaluation.settings.profile]
  const { crop, jitter, normalization, antialiasedCrop: antialiased } = hyperparameters
  const sidePx = chooseInputSidePx(hyperparameters.inputSide, context.patchPx)
  const view = { sidePx, normalization }
  const createMemorySource = (epoch: number): FeatureSource => {
    if (crop === undefined || jitter === undefined) return sources.unaugmented('memory', view)
    const { memory: dataset } = evaluation
    const draws = { dataset, crop, jitter, antialiased, seed: context.seed, epoch }
    return sources.augmented(createMemoryTransform({ ...view, ...draws }), sidePx)
  }
  const found = await evaluateInContext({
    ...context,
    hyperparameters,
    sources: Array.from({ length: hyperparameters.augmentationEpochs }, (_, epoch) =>
      createMemorySource(epoch),
    ),
    validation: sources.unaugmented('validation', view),
  })
  return toMeasurement('inContextMiou', found, sidePx)
}
