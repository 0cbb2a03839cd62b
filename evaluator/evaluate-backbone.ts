import type { MetricName } from '../crds/metrics.ts'
import type { EvaluationSettings, Protocol } from '../crds/sections/evaluation.ts'
import type { Dataset } from '../vision/datasets/dataset.ts'
import type { ColourStatistics } from '../vision/images/normalise-image.ts'
import type { Backbone } from '../vision/vit/parameters.ts'
import { effectiveRank } from './core/effective-rank.ts'
import { memoryPictures, probePictures } from './features/drawn-pictures.ts'
import {
  allFeatures,
  type BetweenBatches,
  encodedSource,
  type FeatureSource,
  rememberedSource,
} from './features/feature-source.ts'
import { type PreparePicture, plainPictures } from './features/prepared-picture.ts'
import { inputSidePx, PROFILES, type ProfileNumbers } from './profiles.ts'
import { measureAgreement } from './protocols/agreement.ts'
import { evaluateInContext } from './protocols/in-context.ts'
import { evaluateLinear } from './protocols/linear.ts'
import type { SegmentationResult } from './protocols/segmentation-result.ts'

export interface BackboneEvaluation {
  readonly backbone: Backbone
  readonly settings: EvaluationSettings
  readonly memory: Dataset
  readonly validation: Dataset
  readonly between: BetweenBatches
  /** Predictions of the first pictures are kept for the figure. */
  readonly keptPredictions: number
}

export interface Measured {
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
export async function evaluateBackbone(evaluation: BackboneEvaluation): Promise<Measured> {
  const sources = featureSources(evaluation)
  let measured: Measured = { metrics: {}, iouPercentByClass: {}, predictions: undefined }
  for (const protocol of PROTOCOL_ORDER) {
    if (!evaluation.settings.protocols.includes(protocol)) continue
    const found = await MEASURES[protocol](evaluation, sources)
    measured = {
      metrics: { ...measured.metrics, ...found.metrics },
      iouPercentByClass: { ...measured.iouPercentByClass, ...found.iouPercentByClass },
      predictions: measured.predictions ?? found.predictions,
    }
  }
  return measured
}

const PROTOCOL_ORDER = ['InContext', 'Linear', 'NeighbourAgreement'] as const

const MEASURES: Readonly<
  Record<Protocol, (evaluation: BackboneEvaluation, sources: Sources) => Promise<Measured>>
> = { InContext: measureInContext, Linear: measureLinear, NeighbourAgreement: measureNeighbours }

/** Pictures squashed to a side, by data set; those of one size and normalisation share their features. */
interface Sources {
  plain(set: 'memory' | 'validation', view: PlainView): FeatureSource
  drawn(prepare: PreparePicture, sidePx: number, groupOf?: number): FeatureSource
}

interface PlainView {
  readonly sidePx: number
  readonly normalisation: ColourStatistics
}

/** Features of more bytes than this are made anew in every pass. */
const REMEMBERED_BYTES = 768 * 2 ** 20

function featureSources(evaluation: BackboneEvaluation): Sources {
  const { backbone, memory, between } = evaluation
  const known = new Map<string, FeatureSource>()
  const plain: Sources['plain'] = (set, view) => {
    const name = JSON.stringify([set, view.sidePx, view.normalisation])
    const dataset = evaluation[set]
    const source =
      known.get(name) ??
      remembered(
        encodedSource({
          backbone,
          pictures: dataset.size,
          sidePx: view.sidePx,
          prepare: plainPictures(dataset, view),
          between,
        }),
        backbone,
      )
    known.set(name, source)
    return source
  }
  const drawn: Sources['drawn'] = (prepare, sidePx, groupOf = memory.size) =>
    encodedSource({ backbone, pictures: memory.size, sidePx, prepare, between, groupOf })
  return { plain, drawn }
}

function remembered(source: FeatureSource, { settings }: Backbone): FeatureSource {
  const bytes = source.pictures * source.grid ** 2 * settings.dim * 4
  return bytes > REMEMBERED_BYTES ? source : rememberedSource(source)
}

interface Shared {
  readonly profile: ProfileNumbers
  readonly patchPx: number
  readonly classes: number
  readonly ignoreLabel: number
  readonly seed: number
  readonly keptPredictions: number
}

function sharedBy({ settings, backbone, memory, keptPredictions }: BackboneEvaluation): Shared {
  const profile = PROFILES[settings.profile]
  return {
    profile,
    patchPx: backbone.settings.patchSizePx,
    classes: memory.classes.length,
    ignoreLabel: profile.ignoreLabel,
    seed: settings.seed,
    keptPredictions,
  }
}

async function measureInContext(
  evaluation: BackboneEvaluation,
  sources: Sources,
): Promise<Measured> {
  const shared = sharedBy(evaluation)
  const numbers = shared.profile.inContext
  const { crop, jitter, normalisation, antialiasedCrop: antialiased } = numbers
  const sidePx = inputSidePx(numbers.inputSide, shared.patchPx)
  const view = { sidePx, normalisation }
  const sourceOf = (epoch: number): FeatureSource => {
    if (crop === undefined || jitter === undefined) return sources.plain('memory', view)
    const { memory: dataset } = evaluation
    const draws = { dataset, crop, jitter, antialiased, seed: shared.seed, epoch }
    return sources.drawn(memoryPictures({ ...view, ...draws }), sidePx)
  }
  const found = await evaluateInContext({
    ...shared,
    numbers,
    sources: Array.from({ length: numbers.augmentationEpochs }, (_, epoch) => sourceOf(epoch)),
    validation: sources.plain('validation', view),
  })
  return segmentation('inContextMiou', found, sidePx)
}

async function measureLinear(evaluation: BackboneEvaluation, sources: Sources): Promise<Measured> {
  const shared = sharedBy(evaluation)
  const { probe, inputSide, normalisation } = shared.profile.linear
  const sidePx = inputSidePx(inputSide, shared.patchPx)
  const view = { sidePx, normalisation }
  const drawnMemory = (epoch: number): FeatureSource => {
    if (probe.kind !== 'EnlargedPixels') return sources.plain('memory', view)
    const { memory: dataset } = evaluation
    const draws = { dataset, crop: probe.crop, seed: shared.seed, epoch }
    return sources.drawn(probePictures({ ...view, ...draws }), sidePx, probe.batchSize)
  }
  const found = await evaluateLinear({
    ...shared,
    probe,
    dim: evaluation.backbone.settings.dim,
    memory: sources.plain('memory', view),
    drawnMemory,
    validation: sources.plain('validation', view),
    between: evaluation.between,
  })
  return segmentation('linearMiou', found, sidePx)
}

function segmentation(
  metric: 'inContextMiou' | 'linearMiou',
  { miouPercent, iouPercentByClass, predictions: masks }: SegmentationResult,
  sidePx: number,
): Measured {
  return {
    metrics: { [metric]: miouPercent },
    iouPercentByClass: { [metric]: iouPercentByClass },
    predictions: { metric, sidePx, masks },
  }
}

async function measureNeighbours(
  evaluation: BackboneEvaluation,
  sources: Sources,
): Promise<Measured> {
  const { profile, patchPx, seed } = sharedBy(evaluation)
  const { inputSide, normalisation } = profile.linear
  const view = { sidePx: inputSidePx(inputSide, patchPx), normalisation }
  const { backbone, validation, between } = evaluation
  const agreement = await measureAgreement({
    numbers: profile.agreement,
    normalisation,
    backbone,
    validation,
    memory: sources.plain('memory', view),
    seed,
    between,
  })
  const features = await allFeatures(sources.plain('validation', view))
  return {
    metrics: {
      neighbourAgreementTau: agreement.tau,
      neighbourAgreementTop1: agreement.top1,
      neighbourAgreementTop5: agreement.top5,
      effectiveRank: effectiveRank(features),
    },
    iouPercentByClass: {},
    predictions: undefined,
  }
}
