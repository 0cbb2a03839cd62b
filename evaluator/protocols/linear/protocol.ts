import { createProbeTransform } from '../../features/augmented-transforms.ts'
import type { FeatureSource } from '../../features/feature-source.ts'
import { chooseInputSidePx } from '../../features/input-side.ts'
import type { BackboneEvaluation, FeatureSources, ProtocolMeasurement } from '../protocol.ts'
import { buildSegmentationContext, toMeasurement } from '../segmentation.ts'
import { evaluateLinear } from './evaluate-linear.ts'
import { LINEAR_HYPERPARAMETERS } from './hyperparameters.ts'

/** Linear segmentation on a frozen backbone (docs/method.md §4.3). */
export async function measureLinear(
  evaluation: BackboneEvaluation,
  sources: FeatureSources,
): Promise<ProtocolMeasurement<'Linear'>> {
  const context = buildSegmentationContext(evaluation)
  const { probe, inputSide, normalization } = LINEAR_HYPERPARAMETERS[evaluation.settings.profile]
  const sidePx = chooseInputSidePx(inputSide, context.patchPx)
  const view = { sidePx, normalization }
  const augmentedMemory = (epoch: number): FeatureSource => {
    if (probe.kind !== 'EnlargedPixels') return sources.unaugmented('memory', view)
    const { memory: dataset } = evaluation
    const draws = { dataset, crop: probe.crop, seed: context.seed, epoch }
    return sources.augmented(createProbeTransform({ ...view, ...draws }), sidePx, probe.batchSize)
  }
  const found = await evaluateLinear({
    ...context,
    probe,
    dim: evaluation.backbone.settings.dim,
    memory: sources.unaugmented('memory', view),
    augmentedMemory,
    validation: sources.unaugmented('validation', view),
    onBatchEnd: evaluation.onBatchEnd,
  })
  return toMeasurement('linearMiou', found, sidePx)
}
