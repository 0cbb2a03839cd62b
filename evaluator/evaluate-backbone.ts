import type { MetricName } from '../method/metrics.ts'
import type { EvaluationSettings, Protocol } from '../method/settings/evaluation.ts'
import type { Dataset } from '../vision/datasets/dataset.ts'
import type { ColorStatistics } from '../vision/images/normalize-image.ts'
import type { Backbone } from '../vision/vit/parameters.ts'
import { effectiveRank } from './core/effective-rank.ts'
import { createMemoryTransform, createProbeTransform } from './features/augmented-transforms.ts'
import {
  type BatchEndCallback,
  cacheFeatureSource,
  collectFeatures,
  createFeatureSource,
  type FeatureSource,
} from './features/feature-source.ts'
import { createEvaluationTransform, type SampleTransform } from './features/sample-transform.ts'
import { chooseInputSidePx, type EvaluationProfile, PROFILES } from './profiles.ts'
import { evaluateNeighborAgreement } from './protocols/agreement.ts'
import { evaluateInContext } from './protocols/in-context.ts'
import { evaluateLinear } from './protocols/linear.ts'
import type { SegmentationResult } from './protocols/segmentation-result.ts'

export interface BackboneEvaluation {
  readonly backbone: Backbone
  readonly settings: EvaluationSettings
  readonly memory: Dataset
  readonly validation: Dataset
  readonly onBatchEnd: BatchEndCallback
  /** Predictions of the first pictures are kept for the figure. */
  readonly retainedPredictions: number
}

export interface BackboneMetrics {
  readonly metrics: Readonly<Partial<Record<MetricName, number>>>
  readonly iouPercentByClass: Readonly<Record<string, readonly number[]>>
  /** Of in-context retrieval, or of the linear probe where there is no other. */
  readonly predictions:
    | {
        readonly metric: MetricName
        readonly sidePx: number
        readonly masks: readonly Uint8Array[]
      }
    | undefined
}

/** Measures one backbone by all protocols asked for; features of the same pictures are made once. */
export async function evaluateBackbone(evaluation: BackboneEvaluation): Promise<BackboneMetrics> {
  const sources = featureSources(evaluation)
  let measured: BackboneMetrics = { metrics: {}, iouPercentByClass: {}, predictions: undefined }
  for (const protocol of PROTOCOL_ORDER) {
    if (!evaluation.settings.protocols.includes(protocol)) continue
    const found = await PROTOCOL_MEASURES[protocol](evaluation, sources)
    measured = {
      metrics: { ...measured.metrics, ...found.metrics },
      iouPercentByClass: { ...measured.iouPercentByClass, ...found.iouPercentByClass },
      predictions: measured.predictions ?? found.predictions,
    }
  }
  return measured
}

const PROTOCOL_ORDER = ['InContext', 'Linear', 'NeighborAgreement'] as const

const PROTOCOL_MEASURES: Readonly<
  Record<
    Protocol,
    (evaluation: BackboneEvaluation, sources: FeatureSources) => Promise<BackboneMetrics>
  >
> = { InContext: measureInContext, Linear: measureLinear, NeighborAgreement: measureNeighbors }

/** Pictures squashed to a side, by data set; those of one size and normalization share their features. */
interface FeatureSources {
  unaugmented(set: 'memory' | 'validation', view: InputView): FeatureSource
  augmented(transform: SampleTransform, sidePx: number, groupSize?: number): FeatureSource
}

interface InputView {
  readonly sidePx: number
  readonly normalization: ColorStatistics
}

/** Features of more bytes than this are made anew in every pass. */
const MAX_CACHED_BYTES = 768 * 2 ** 20

function featureSources(evaluation: BackboneEvaluation): FeatureSources {
  const { backbone, memory, onBatchEnd } = evaluation
  const sourceCache = new Map<string, FeatureSource>()
  const unaugmented: FeatureSources['unaugmented'] = (set, view) => {
    const name = JSON.stringify([set, view.sidePx, view.normalization])
    const dataset = evaluation[set]
    const source =
      sourceCache.get(name) ??
      cacheIfSmall(
        createFeatureSource({
          backbone,
          imageCount: dataset.size,
          sidePx: view.sidePx,
          transform: createEvaluationTransform(dataset, view),
          onBatchEnd,
        }),
        backbone,
      )
    sourceCache.set(name, source)
    return source
  }
  const augmented: FeatureSources['augmented'] = (transform, sidePx, groupSize = memory.size) =>
    createFeatureSource({
      backbone,
      imageCount: memory.size,
      sidePx,
      transform,
      onBatchEnd,
      groupSize,
    })
  return { unaugmented, augmented }
}

function cacheIfSmall(source: FeatureSource, { settings }: Backbone): FeatureSource {
  const bytes = source.imageCount * source.grid ** 2 * settings.dim * 4
  return bytes > MAX_CACHED_BYTES ? source : cacheFeatureSource(source)
}

interface ProtocolContext {
  readonly profile: EvaluationProfile
  readonly patchPx: number
  readonly classes: number
  readonly ignoreLabel: number
  readonly seed: number
  readonly retainedPredictions: number
}

function buildProtocolContext({
  settings,
  backbone,
  memory,
  retainedPredictions,
}: BackboneEvaluation): ProtocolContext {
  const profile = PROFILES[settings.profile]
  return {
    profile,
    patchPx: backbone.settings.patchSizePx,
    classes: memory.classes.length,
    ignoreLabel: profile.ignoreLabel,
    seed: settings.seed,
    retainedPredictions,
  }
}

async function measureInContext(
  evaluation: BackboneEvaluation,
  sources: FeatureSources,
): Promise<BackboneMetrics> {
  const context = buildProtocolContext(evaluation)
  const hyperparameters = context.profile.inContext
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
  return segmentation('inContextMiou', found, sidePx)
}

async function measureLinear(
  evaluation: BackboneEvaluation,
  sources: FeatureSources,
): Promise<BackboneMetrics> {
  const context = buildProtocolContext(evaluation)
  const { probe, inputSide, normalization } = context.profile.linear
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
  return segmentation('linearMiou', found, sidePx)
}

function segmentation(
  metric: 'inContextMiou' | 'linearMiou',
  { miouPercent, iouPercentByClass, predictions: masks }: SegmentationResult,
  sidePx: number,
): BackboneMetrics {
  return {
    metrics: { [metric]: miouPercent },
    iouPercentByClass: { [metric]: iouPercentByClass },
    predictions: { metric, sidePx, masks },
  }
}

async function measureNeighbors(
  evaluation: BackboneEvaluation,
  sources: FeatureSources,
): Promise<BackboneMetrics> {
  const { profile, patchPx, seed } = buildProtocolContext(evaluation)
  const { inputSide, normalization } = profile.linear
  const view = { sidePx: chooseInputSidePx(inputSide, patchPx), normalization }
  const { backbone, validation, onBatchEnd } = evaluation
  const agreement = await evaluateNeighborAgreement({
    hyperparameters: profile.agreement,
    normalization,
    backbone,
    validation,
    memory: sources.unaugmented('memory', view),
    seed,
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
