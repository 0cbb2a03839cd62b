import { IMAGENET_COLORS } from '../../../vision/images/normalize-image.ts'
import { effectiveRank } from '../../core/effective-rank.ts'
import { collectFeatures } from '../../features/feature-source.ts'
import { chooseInputSidePx } from '../../features/input-side.ts'
import type { BackboneEvaluation, FeatureSources, ProtocolMeasurement } from '../protocol.ts'
import { evaluateNeighborAgreement } from './evaluate-neighbor-agreement.ts'
import { AGREEMENT_HYPERPARAMETERS } from './hyperparameters.ts'

/** How far two crops of one image agree on the order of their neighbors; no mIoU. */
export async function measureNeighborAgreement(
  evaluation: BackboneEvaluation,
  sources: FeatureSources,
): Promise<ProtocolMeasurement<'NeighborAgreement'>> {
  const { backbone, validation, onBatchEnd, settings } = evaluation
  const hyperparameters = AGREEMENT_HYPERPARAMETERS[settings.profile]
  const sidePx = chooseInputSidePx(hyperparameters.inputSide, backbone.settings.patchSizePx)
  const normalization = IMAGENET_COLORS
  const view = { sidePx, normalization }
  const agreement = await evaluateNeighborAgreement({
    hyperparameters,
    normalization,
    backbone,
    validation,
    memory: sources.unaugmented('memory', view),
    seed: settings.seed,
    onBatchEnd,
  })
  const features = await collectFeatures(sources.unaugmented('validation', view))
  return {
    metrics: {
      neighborAgreementTau: agreement.tau,
      neighborAgreementTop1: agreement.top1,
      neighborAgreementTop5: agreement.top5,
      effectiveRank: effectiveRank(features),
    },
    iouPercentByClass: {},
    predictions: undefined,
  }
}
