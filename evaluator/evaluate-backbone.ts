import type { MetricName } from '../method/metrics.ts'
import { PROTOCOL_NAMES } from '../method/protocols.ts'
import type { Backbone } from '../vision/vit/parameters.ts'
import {
  cacheFeatureSource,
  createFeatureSource,
  type FeatureSource,
} from './features/feature-source.ts'
import { createEvaluationTransform } from './features/sample-transform.ts'
import type { BackboneEvaluation, FeatureSources, Predictions } from './protocols/protocol.ts'
import { MEASURES } from './protocols/protocols.ts'

export interface BackboneMetrics {
  readonly metrics: Readonly<Partial<Record<MetricName, number>>>
  readonly iouPercentByClass: Readonly<Record<string, readonly number[]>>
  /** Of the first protocol that segments, in the order of method/protocols.ts. */
  readonly predictions: Predictions | undefined
}

/**
 * Measures one backbone by all requested protocols; features of the same images are computed once.
 */
export async function evaluateBackbone(evaluation: BackboneEvaluation): Promise<BackboneMetrics> {
  const sources = featureSources(evaluation)
  let measured: BackboneMetrics = { metrics: {}, iouPercentByClass: {}, predictions: undefined }
  for (const protocol of PROTOCOL_NAMES) {
    if (!evaluation.settings.protocols.includes(protocol)) continue
    const found: BackboneMetrics = await MEASURES[protocol](evaluation, sources)
    measured = {
      metrics: { ...measured.metrics, ...found.metrics },
      iouPercentByClass: { ...measured.iouPercentByClass, ...found.iouPercentByClass },
      predictions: measured.predictions ?? found.predictions,
    }
  }
  return measured
}

/** Features of more bytes than this are computed again in every pass. */
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
