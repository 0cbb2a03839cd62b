import { tidy } from '@tensorflow/tfjs-core'
import { linear } from '../../../vision/ops/linear.ts'
import { readTensorValues, toTensor } from '../../../vision/ops/tensor-values.ts'
import { randomStream } from '../../../vision/random/random-stream.ts'
import { emptyConfusionMatrix } from '../../core/confusion-matrix.ts'
import { ignoredToBackground } from '../../core/ignore-label.ts'
import type { LinearHead } from '../../core/linear-head.ts'
import { computeMeanIou } from '../../core/mean-iou.ts'
import type { FeatureRows } from '../../core/nearest-neighbors.ts'
import { computePatchLabels } from '../../core/patch-labels.ts'
import {
  type BatchEndCallback,
  collectFeatures,
  type FeatureSource,
} from '../../features/feature-source.ts'
import {
  accumulateBatch,
  type SegmentationAccumulator,
  type SegmentationResult,
  type SegmentationTask,
} from '../segmentation.ts'
import type { PatchProbeHyperparameters, PixelProbeHyperparameters } from './hyperparameters.ts'
import { trainPatchProbe } from './train-patch-probe.ts'
import { trainPixelProbe } from './train-pixel-probe.ts'

export interface LinearTask extends SegmentationTask {
  readonly probe: PatchProbeHyperparameters | PixelProbeHyperparameters
  readonly patchPx: number
  readonly dim: number
  readonly seed: number
  /** The labeled images as they are. */
  readonly memory: FeatureSource
  /** The labeled images of an epoch, cropped and flipped. */
  readonly augmentedMemory: (epoch: number) => FeatureSource
  readonly onBatchEnd: BatchEndCallback
}

/**
 * Linear segmentation on a frozen backbone (docs/method.md §4.3, or the small profile's patch
 * probe).
 */
export async function evaluateLinear(task: LinearTask): Promise<SegmentationResult> {
  const head = await trainHead(task)
  const accumulator: SegmentationAccumulator = {
    matrix: emptyConfusionMatrix(task.classes),
    predictedMasks: [],
  }
  for await (const batch of task.validation.batches()) {
    accumulateBatch(task, batch, {
      scores: computeBatchScores(head, batch.features),
      tally: accumulator,
    })
  }
  const { meanIou, iou } = computeMeanIou(accumulator.matrix)
  return {
    miouPercent: 100 * meanIou,
    iouPercentByClass: iou.map((value) => 100 * value),
    predictions: accumulator.predictedMasks,
  }
}

async function trainHead(task: LinearTask): Promise<LinearHead> {
  const { probe, classes, dim, ignoreLabel, onBatchEnd } = task
  const draws = randomStream({ seed: task.seed, purpose: 'probe-weights' })
  if (probe.kind === 'EnlargedPixels') {
    const createEpochSource = task.augmentedMemory
    return trainPixelProbe({
      hyperparameters: probe,
      createEpochSource,
      classes,
      dim,
      ignoreLabel,
      draws,
    })
  }
  const features = await collectFeatures(task.memory)
  const labels = await collectMemoryLabels(task, features.rows)
  return trainPatchProbe({ hyperparameters: probe, features, labels, classes, draws, onBatchEnd })
}

/** Class shares of every patch of the memory [rows, classes]. */
async function collectMemoryLabels(
  { memory, classes, patchPx, ignoreLabel }: LinearTask,
  rows: number,
): Promise<Float32Array> {
  const labels = new Float32Array(rows * classes)
  const size = { widthPx: memory.sidePx, heightPx: memory.sidePx, patchPx, classes }
  let filled = 0
  for await (const { masks } of memory.batches()) {
    for (const mask of masks) {
      const own = computePatchLabels(ignoredToBackground(mask, ignoreLabel), size)
      labels.set(own, filled)
      filled += own.length
    }
  }
  return labels
}

/** Features [rows, D] → class scores [rows, C]. */
function computeBatchScores(
  { classes, dim, weight, bias }: LinearHead,
  { rows, values }: FeatureRows,
): Float32Array | Float64Array {
  const scores = tidy(() =>
    linear(toTensor(values, [rows, dim]), {
      weight: toTensor(weight, [classes, dim]),
      bias: toTensor(bias, [classes]),
    }),
  ) // [rows, C]
  const found = readTensorValues(scores)
  scores.dispose()
  return found
}
