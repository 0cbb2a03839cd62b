import { tidy } from '@tensorflow/tfjs-core'
import { linear } from '../../vision/ops/linear.ts'
import { tensorOf, valuesOf } from '../../vision/ops/tensor-values.ts'
import { randomStream } from '../../vision/random/random-stream.ts'
import { withoutIgnored } from '../core/background-mask.ts'
import { emptyConfusion } from '../core/confusion-matrix.ts'
import type { LinearHead } from '../core/linear-head.ts'
import { meanIouOf } from '../core/mean-iou.ts'
import type { FeatureRows } from '../core/nearest-neighbours.ts'
import { patchLabels } from '../core/patch-labels.ts'
import { allFeatures, type BetweenBatches, type FeatureSource } from '../features/feature-source.ts'
import type { PatchProbe, PixelProbe } from '../profiles.ts'
import { type ScoredSet, scoreBatch, type Tally } from './score-batch.ts'
import type { SegmentationResult } from './segmentation-result.ts'
import { trainPatchProbe } from './train-patch-probe.ts'
import { trainPixelProbe } from './train-pixel-probe.ts'

export interface LinearTask extends ScoredSet {
  readonly probe: PatchProbe | PixelProbe
  readonly patchPx: number
  readonly dim: number
  readonly seed: number
  /** The labelled pictures as they are. */
  readonly memory: FeatureSource
  /** The labelled pictures of an epoch, cropped and flipped. */
  readonly drawnMemory: (epoch: number) => FeatureSource
  readonly between: BetweenBatches
}

/** Linear segmentation on a frozen backbone (neco-method §4.3, or the small profile's patch probe). */
export async function evaluateLinear(task: LinearTask): Promise<SegmentationResult> {
  const head = await trainHead(task)
  const tally: Tally = { matrix: emptyConfusion(task.classes), kept: [] }
  for await (const batch of task.validation.batches()) {
    scoreBatch(task, batch, { scores: classScores(head, batch.features), tally })
  }
  const { meanIou, iou } = meanIouOf(tally.matrix)
  return {
    miouPercent: 100 * meanIou,
    iouPercentByClass: iou.map((value) => 100 * value),
    predictions: tally.kept,
  }
}

async function trainHead(task: LinearTask): Promise<LinearHead> {
  const { probe, classes, dim, ignoreLabel, between } = task
  const draws = randomStream({ seed: task.seed, purpose: 'probe-weights' })
  if (probe.kind === 'EnlargedPixels') {
    const sourceOf = task.drawnMemory
    return trainPixelProbe({ numbers: probe, sourceOf, classes, dim, ignoreLabel, draws })
  }
  const features = await allFeatures(task.memory)
  const labels = await memoryLabels(task, features.rows)
  return trainPatchProbe({ numbers: probe, features, labels, classes, draws, between })
}

/** Class shares of every patch of the memory [rows, classes]. */
async function memoryLabels(
  { memory, classes, patchPx, ignoreLabel }: LinearTask,
  rows: number,
): Promise<Float32Array> {
  const labels = new Float32Array(rows * classes)
  const size = { widthPx: memory.sidePx, heightPx: memory.sidePx, patchPx, classes }
  let filled = 0
  for await (const { masks } of memory.batches()) {
    for (const mask of masks) {
      const own = patchLabels(withoutIgnored(mask, ignoreLabel), size)
      labels.set(own, filled)
      filled += own.length
    }
  }
  return labels
}

/** Features [rows, D] → class scores [rows, C]. */
function classScores(
  { classes, dim, weight, bias }: LinearHead,
  { rows, values }: FeatureRows,
): Float32Array | Float64Array {
  const scores = tidy(() =>
    linear(tensorOf(values, [rows, dim]), {
      weight: tensorOf(weight, [classes, dim]),
      bias: tensorOf(bias, [classes]),
    }),
  ) // [rows, C]
  const found = valuesOf(scores)
  scores.dispose()
  return found
}
